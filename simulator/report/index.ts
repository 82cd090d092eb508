/** The door of reports: a comparison as files for people, spreadsheets and databases. */
export { ReportError, writeReport } from './write-report.ts';
