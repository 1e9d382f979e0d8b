/** strftime(3) of UTC in the C locale. */

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
/** Conversions that stand for several. */
const composed: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  h: '%b',
  r: '%I:%M:%S %p',
  R: '%H:%M',
  T: '%H:%M:%S',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
};
const DAY_MS = 86_400_000;

/** @param seconds since 1970 */
export function strftime(seconds: number, format: string): string {
  const date = new Date(Math.trunc(seconds) * 1_000);
  if (Number.isNaN(date.getTime())) return '';
  return format.replace(/%[EO]?(.)/gs, (all, conversion: string) => convert(date, conversion) ?? all);
}

function convert(date: Date, conversion: string): string | undefined {
  const form = Object.hasOwn(composed, conversion) ? composed[conversion] : undefined;
  if (form !== undefined) return strftime(date.getTime() / 1_000, form);
  const year = date.getUTCFullYear();
  const hours = date.getUTCHours();
  const day = date.getUTCDay();
  const dayOfYear = Math.floor(
    (Date.UTC(year, date.getUTCMonth(), date.getUTCDate()) - Date.UTC(year, 0, 1)) / DAY_MS,
  );
  switch (conversion) {
    case 'a':
      return days[day]?.slice(0, 3);
    case 'A':
      return days[day];
    case 'b':
      return months[date.getUTCMonth()]?.slice(0, 3);
    case 'B':
      return months[date.getUTCMonth()];
    case 'C':
      return pad(Math.floor(year / 100));
    case 'd':
      return pad(date.getUTCDate());
    case 'e':
      return pad(date.getUTCDate(), 2, ' ');
    case 'H':
      return pad(hours);
    case 'I':
      return pad(hours % 12 || 12);
    case 'j':
      return pad(dayOfYear + 1, 3);
    case 'k':
      return pad(hours, 2, ' ');
    case 'l':
      return pad(hours % 12 || 12, 2, ' ');
    case 'm':
      return pad(date.getUTCMonth() + 1);
    case 'M':
      return pad(date.getUTCMinutes());
    case 'n':
      return '\n';
    case 'p':
      return hours < 12 ? 'AM' : 'PM';
    case 'P':
      return hours < 12 ? 'am' : 'pm';
    case 's':
      return String(date.getTime() / 1_000);
    case 'S':
      return pad(date.getUTCSeconds());
    case 't':
      return '\t';
    case 'u':
      return String(day || 7);
    case 'U':
      return pad(Math.floor((dayOfYear + 7 - day) / 7));
    case 'w':
      return String(day);
    case 'W':
      return pad(Math.floor((dayOfYear + 7 - ((day + 6) % 7)) / 7));
    case 'y':
      return pad(year % 100);
    case 'Y':
      return String(year);
    case 'z':
      return '+0000';
    case 'Z':
      return 'GMT';
    case '%':
      return '%';
    default:
      return undefined;
  }
}

function pad(value: number, width = 2, filler = '0'): string {
  return String(value).padStart(width, filler);
}
