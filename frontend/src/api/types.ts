// The shapes the server sends, under the product's words.

export type Numeric = number | "NaN" | "Infinity" | "-Infinity" | null;
export type Scalar = Numeric | boolean | string;
export type TrackStatus = "created" | "running" | "finished" | "failed" | "stopped";
export type XKind = "step" | "time" | "relative";

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
export interface User {
  user_id: string;
  name: string;
  is_admin: boolean;
  has_password: boolean;
}
export interface ApiToken {
  token_id: string;
  name: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  scope: string;
}
export interface NewApiToken extends ApiToken {
  token: string;
}
export interface Project {
  project_id: string;
  name: string;
  description: string | null;
  created_at: string;
  n_tracks: number;
  n_running: number;
  last_activity_at: string | null;
  role: string | null;
}
export interface Track {
  track_id: string;
  project_id: string;
  project_name: string;
  number: number;
  name: string;
  status: TrackStatus;
  has_signal: boolean;
  tags: string[];
  notes: string | null;
  created_at: string;
  updated_at: string;
  last_seen_at: string | null;
  ended_at: string | null;
  n_leaves: number;
}
export type LeafKind = "config" | "series" | "console" | "file";
export interface Leaf {
  kind: LeafKind;
  type: "bool" | "int" | "float" | "str" | null;
  value: Scalar;
  step: Numeric;
  time: number | null;
  n_points: number | null;
  n_lines: number | null;
  size_bytes: number | null;
  content_type: string | null;
  sha256: string | null;
  updated_at: string | null;
}
export interface Entry {
  name: string;
  key: string;
  n_leaves: number;
  is_folder: boolean;
  leaf: Leaf | null;
  children: Entry[] | null;
}
export interface Tree {
  path: string;
  entries: Entry[];
  next_cursor: string | null;
}
export interface Points {
  x: Numeric[];
  value: Scalar[];
  step: Numeric[] | null;
  time: Numeric[] | null;
}
export interface Buckets {
  x: Numeric[];
  first: Numeric[];
  last: Numeric[];
  min: Numeric[];
  max: Numeric[];
  mean: Numeric[];
  count: number[];
}
export interface Series {
  key: string;
  type: string;
  n_stored: number;
  n_drawn: number;
  is_bucketed: boolean;
  last: { value: Scalar; step: Numeric; time: number | null } | null;
  points: Points | null;
  buckets: Buckets | null;
}
export interface Loss {
  key: string;
  count: number;
  first_at: number | null;
  last_at: number | null;
  reason: string;
}
export interface SeriesAnswer {
  x: string;
  series: Series[];
  losses: Loss[];
}
export interface ConsoleLine {
  number: number;
  time: number | null;
  text: string;
}
export interface ConsolePage {
  stream: string;
  n_lines: number;
  from: number;
  lines: ConsoleLine[];
}
export interface ServerConfig {
  version: string;
  ingest_address: string | null;
  is_set_up: boolean;
}
