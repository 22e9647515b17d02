// A part of a form or page with its heading.
import { Text, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";
import classes from "./definition.module.css";

interface Props {
  title: string;
  text?: string;
  children: ReactNode;
}

export function Section({ title, text, children }: Props) {
  const id = useId();
  return (
    <section className={`card ${classes.section}`} aria-labelledby={id}>
      <Title order={2} id={id}>
        {title}
      </Title>
      {text && (
        <Text component="p" size="sm" className="dim">
          {text}
        </Text>
      )}
      {children}
    </section>
  );
}
