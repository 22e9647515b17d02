// The notes of a track, as the Markdown they are written in; without raw HTML and without pictures of other sites.
import { Typography } from "@mantine/core";
import Markdown from "react-markdown";
import remarkGfm from "remark-gfm";

// Loaded lazily, and React.lazy asks for a default export.
export default function TrackNotes({ text }: { text: string }) {
  return (
    <Typography>
      <Markdown
        remarkPlugins={[remarkGfm]}
        components={{
          img: ({ alt }) => <em>{alt}</em>,
          a: ({ href, children }) => (
            <a href={href} target="_blank" rel="noreferrer noopener" style={{ textDecoration: "underline" }}>
              {children}
            </a>
          ),
        }}
      >
        {text}
      </Markdown>
    </Typography>
  );
}
