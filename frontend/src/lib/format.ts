// Numbers, times, sizes and durations as people read them, in the language of the page.
import type { Scalar } from "@/api/types";

export type TimeZone = "local" | "utc";

let zone: string | undefined;

/** In which time zone dates and clocks are written from now on. */
export function setTimeZone(wanted: TimeZone): void {
  zone = wanted === "utc" ? "UTC" : undefined;
}

// Making a formatter costs more than using it a thousand times.
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${language} ${zone} ${JSON.stringify(options)}`;
  let found = formatters.get(name);
  if (!found) {
    found = new Intl.DateTimeFormat(language, { ...options, timeZone: zone });
    formatters.set(name, found);
  }
  return found;
}

/** Integers in groups of three, as the language has it: 1,234,567. */
export function formatCount(count: number, language: string): string {
  return count.toLocaleString(language);
}

/** Short enough for a tree row, and never another number: 6 significant digits, integers in full. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+∞" : "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(4).replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(6)));
}

/** A value as the server sends it; non-finite floats arrive as words. */
export function formatValue(value: Scalar | undefined): string {
  if (value === null || value === undefined) return "—";
  if (typeof value === "number") return formatNumber(value);
  if (value === "Infinity") return "+∞";
  if (value === "-Infinity") return "−∞";
  return String(value);
}

/** As it was logged, every digit: for what one reads off to write it down again. */
export function formatExact(value: Scalar | undefined): string {
  return typeof value === "number" ? String(value) : formatValue(value);
}

const THOUSANDS = ["", "k", "M", "G", "T"];

/** Numbers of one axis, large ones all in the same unit (590M), larger and tiny ones as powers. */
export function formatTicks(values: readonly (number | null)[]): string[] {
  const largest = Math.max(0, ...values.map((value) => Math.abs(value ?? 0)));
  const unit = largest < 1e5 ? 0 : Math.floor(Math.log10(largest) / 3);
  return values.map((value) => {
    if (value === null) return "";
    if (value === 0) return "0";
    if (unit >= THOUSANDS.length) return value.toExponential(4).replace(/\.?0*e\+?/, "e");
    return formatNumber(value / 1000 ** unit) + THOUSANDS[unit];
  });
}

/** Where there is little room: large integers by their order of size, too. */
export function formatShort(value: Scalar | undefined): string {
  if (typeof value !== "number" || Math.abs(value) < 1e9 || !Number.isInteger(value))
    return formatValue(value);
  return value.toExponential(4).replace(/\.?0*e\+?/, "e");
}

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return "—";
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let size = bytes / 1024;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size.toFixed(size < 10 ? 1 : 0)} ${units[unit]}`;
}

export function formatDuration(seconds: number): string {
  const sign = seconds < 0 ? "−" : "";
  const whole = Math.abs(seconds);
  if (whole < 1) return `${sign}${Math.round(whole * 1000)} ms`;
  if (whole < 60) return `${sign}${Number(whole.toFixed(whole < 10 ? 1 : 0))} s`;
  const s = Math.floor(whole % 60);
  const m = Math.floor((whole / 60) % 60);
  const h = Math.floor((whole / 3600) % 24);
  const d = Math.floor(whole / 86_400);
  if (d > 0) return `${sign}${d} d ${h} h`;
  return h > 0 ? `${sign}${h} h ${m} min` : `${sign}${m} min ${s} s`;
}

export function formatDate(when: string | number | null | undefined, language: string): string {
  if (when === null || when === undefined) return "—";
  const date = new Date(typeof when === "number" ? when * 1000 : when);
  return formatter(language, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" }).format(date);
}

export function formatClock(seconds: number, language: string): string {
  return formatter(language, { timeStyle: "medium", hourCycle: "h23" }).format(seconds * 1000);
}

const HOUR_S = 3600;
const DAY_S = 86_400;

/** Ticks of a time axis that are so far apart; the first one of each day says which day it is. */
export function formatTimeTicks(seconds: readonly number[], apartS: number, language: string): string[] {
  const day = formatter(language, { month: "short", day: "numeric" });
  const clock = formatter(language, {
    hour: "2-digit",
    minute: "2-digit",
    second: apartS < 60 ? "2-digit" : undefined,
    fractionalSecondDigits: apartS < 1 ? (apartS < 0.1 ? 3 : 2) : undefined,
    hourCycle: "h23",
  });
  let before = "";
  return seconds.map((at) => {
    const date = day.format(at * 1000);
    const isNew = date !== before;
    before = date;
    if (apartS >= DAY_S) return date;
    return isNew && apartS < 12 * HOUR_S ? `${clock.format(at * 1000)}\n${date}` : clock.format(at * 1000);
  });
}

export function formatAgo(when: string | null, language: string, now = Date.now()): string {
  if (!when) return "—";
  const seconds = (new Date(when).getTime() - now) / 1000;
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const size = Math.abs(seconds);
  if (size < 45) return relative.format(0, "second");
  if (size < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (size < 86_400) return relative.format(Math.round(seconds / 3600), "hour");
  if (size < 86_400 * 30) return relative.format(Math.round(seconds / 86_400), "day");
  return formatter(language, { dateStyle: "medium" }).format(new Date(when));
}

/** How long a track has run: to its end, or to now. */
export function trackSeconds(createdAt: string, endedAt: string | null, now = Date.now()): number {
  return Math.max(0, ((endedAt ? new Date(endedAt).getTime() : now) - new Date(createdAt).getTime()) / 1000);
}
