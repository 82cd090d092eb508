/** Run by `npm run build`, of the compiled files: keeps beside them what is made of the built-in tariff books, for a quicker start. */
import { prepareBooks } from './load-books.ts';

prepareBooks();
