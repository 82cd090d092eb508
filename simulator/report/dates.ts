/** Days of a run as dates of the calendar. */
import { Temporal } from 'temporal-polyfill';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** YYYY-MM-DD of a day counted from 0. */
export function dateOfDay(start: string, day: number): string {
  return Temporal.PlainDate.from(start).add({ days: day }).toString();
}

/** As `1 Dec 2023`. */
export function readableDate(date: string): string {
  const { day, month, year } = Temporal.PlainDate.from(date);
  return `${day}\u00a0${MONTHS[month - 1]}\u00a0${year}`;
}
