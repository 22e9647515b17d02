// A list of facts; each is one line: what it is called, and what it is.
import type { ReactNode } from "react";
import classes from "./fact.module.css";

export function Facts({ className, children }: { className?: string; children: ReactNode }) {
  return <dl className={`${classes.facts} ${className ?? ""}`}>{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
