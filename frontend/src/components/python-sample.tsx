// The three lines that send the first data.
import { CodeBlock } from "./copy-text";

export function PythonSample({ project }: { project?: string }) {
  const init = project ? `mlsteam.init(project="${project}")` : "mlsteam.init()";
  return <CodeBlock code={`import mlsteam\ntrack = ${init}\ntrack["train/loss"].log(0.25)`} />;
}
