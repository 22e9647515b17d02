// Members of a project, and the users of the installation.
import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { components } from "./schema.gen";

type Schemas = components["schemas"];
export type Member = Schemas["MemberOut"];
export type Role = Schemas["Role"];
export type UserRow = Schemas["UserRow"];
export type Invitation = Schemas["InvitationOut"];
export const ROLES: readonly Role[] = ["owner", "editor", "viewer"];

const base = (project: string) => `projects/${encodeURIComponent(project)}/members`;

export const membersQuery = (project: string) =>
  queryOptions({
    queryKey: ["members", project],
    queryFn: ({ signal }) => request<{ items: Member[] }>(base(project), { signal }),
    placeholderData: undefined,
  });
export const putMember = (project: string, name: string, role: Role) =>
  request<Member>(`${base(project)}/${encodeURIComponent(name)}`, { method: "PUT", body: { role } });
export const removeMember = (project: string, userId: string) =>
  request<void>(`${base(project)}/${userId}`, { method: "DELETE" });

export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: ({ signal }) => request<{ items: UserRow[] }>("users", { signal }),
});
export const createUser = (body: { name: string; is_admin: boolean }) =>
  request<Invitation>("users", { method: "POST", body });
export const inviteUser = (userId: string) => request<Invitation>(`users/${userId}/link`, { method: "POST" });
