// Secret variables of labs and pipelines: set and forgotten, never read.
import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { components } from "./schema.gen";

export interface SecretOwner {
  kind: "labs" | "pipelines";
  id: string;
}
const pathOf = ({ kind, id }: SecretOwner) => `${kind}/${id}/secrets`;

export const secretsQuery = (owner: SecretOwner) =>
  queryOptions({
    queryKey: ["secrets", owner.id],
    queryFn: ({ signal }) => request<components["schemas"]["SecretList"]>(pathOf(owner), { signal }),
  });
export const putSecret = (owner: SecretOwner, name: string, value: string) =>
  request<void>(`${pathOf(owner)}/${encodeURIComponent(name)}`, { method: "PUT", body: { value } });
export const deleteSecret = (owner: SecretOwner, name: string) =>
  request<void>(`${pathOf(owner)}/${encodeURIComponent(name)}`, { method: "DELETE" });
