// What the address means on each page. Invalid values fall back silently; unknown ones are dropped by the router only.
import type { XKind } from "@/api/types";

export interface TrackSearch {
  path?: string;
  view?: "tensorboard";
  x?: XKind;
  smooth?: number;
  ylog?: boolean;
  /** The y range leaves outliers out. */
  out?: boolean;
  lo?: number;
  hi?: number;
  as?: "table";
  /** Other series drawn into the same chart. */
  m?: string[];
  /** A line of a console or of a text, from 1. */
  line?: number;
  /** A console shows stdout and stderr as one. */
  both?: boolean;
}
export interface SignInSearch {
  next?: string;
}

const text = (value: unknown) =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
const number = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : undefined);

const MOST_TEXTS = 20;
function texts(value: unknown): string[] | undefined {
  const found = Array.isArray(value) ? value : typeof value === "string" ? value.split(",") : [];
  const kept = found.filter((one): one is string => typeof one === "string" && one !== "");
  return kept.length > 0 ? [...new Set(kept)].slice(0, MOST_TEXTS) : undefined;
}

export function parseTrackSearch(raw: Record<string, unknown>): TrackSearch {
  const lo = number(raw.lo);
  const hi = number(raw.hi);
  const isRange = lo !== undefined && hi !== undefined && lo < hi;
  const weight = number(raw.smooth);
  return {
    path: text(raw.path),
    view: raw.view === "tensorboard" ? "tensorboard" : undefined,
    x: raw.x === "time" || raw.x === "relative" ? raw.x : undefined,
    smooth: weight !== undefined && weight > 0 && weight < 1 ? weight : undefined,
    ylog: raw.ylog === true || raw.ylog === 1 ? true : undefined,
    out: raw.out === true || raw.out === 1 ? true : undefined,
    lo: isRange ? lo : undefined,
    hi: isRange ? hi : undefined,
    as: raw.as === "table" ? "table" : undefined,
    m: texts(raw.m),
    line: Number.isSafeInteger(raw.line) && Number(raw.line) > 0 ? Number(raw.line) : undefined,
    both: raw.both === true || raw.both === 1 ? true : undefined,
  };
}

/** Only an address inside this page may follow a sign-in; anything else would be an open redirect. */
export function parseSignInSearch(raw: Record<string, unknown>): SignInSearch {
  const next = text(raw.next);
  return { next: next && /^\/(?![/\\])/.test(next) ? next : undefined };
}

/** Times in an address are UTC milliseconds; the API counts seconds. */
export const toAddress = (x: XKind, value: number) => (x === "time" ? Math.round(value * 1000) : value);
export const fromAddress = (x: XKind, value: number | undefined) =>
  value !== undefined && x === "time" ? value / 1000 : value;
