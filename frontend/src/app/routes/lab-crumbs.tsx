// The way back to a lab or to a pipeline.
import { Link } from "@tanstack/react-router";

interface LabProps {
  project: string;
  lab: { lab_id: string; name: string };
}

export function LabCrumbs({ project, lab }: LabProps) {
  return (
    <>
      <span>/</span>
      <Link to="/p/$project/labs/$lab" params={{ project, lab: lab.lab_id }}>
        {lab.name}
      </Link>
    </>
  );
}

interface PipelineProps {
  project: string;
  pipeline: { pipeline_id: string; name: string };
}

export function PipelineCrumbs({ project, pipeline }: PipelineProps) {
  return (
    <>
      <span>/</span>
      <Link to="/p/$project/pipelines/$pipeline" params={{ project, pipeline: pipeline.pipeline_id }}>
        {pipeline.name}
      </Link>
    </>
  );
}
