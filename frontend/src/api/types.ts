// The shapes the server sends, under the product's words. All come from the generated schema: an API that
// changed does not compile here.
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

/** A float that JSON has no word for arrives as a word. */
export type Numeric = number | "NaN" | "Infinity" | "-Infinity" | null;
export type Scalar = boolean | number | string | null;
export type XKind = "step" | "time" | "relative";

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
export type User = Schemas["UserOut"];
export type ServerConfig = Schemas["ConfigOut"];
export type ApiToken = Schemas["TokenOut"];
export type NewApiToken = Schemas["NewTokenOut"];
export type Project = Schemas["ProjectOut"];
export type Track = Schemas["TrackOut"];
export type TrackStatus = Track["status"];
/** What an event says of one track; `keys` is null when they are many or all. */
export type Change = Schemas["ChangedOut"];
export type Leaf = Schemas["LeafOut"];
export type LeafKind = Leaf["kind"];
export type Entry = Schemas["EntryOut"];
export type Level = Schemas["LevelOut"];
export type Leaves = Schemas["LeavesOut"];
export type Position = Schemas["PositionOut"];
export type Writers = Schemas["WritersOut"];
export type Loss = Schemas["LossOut"];
export type Series = Schemas["SeriesOut"];
export type SeriesAnswer = Schemas["SeriesAnswer"];
export type ExportFormat = Schemas["ExportFormat"];
export type ConsoleLine = ConsolePage["lines"][number];
export type ConsolePage = Schemas["ConsoleOut"];
export type ConsoleHits = Schemas["HitsOut"];
