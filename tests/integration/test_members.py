"""Users, members and their roles, views: made by who may, refused to who may not."""

from support.apps import Apps, caller, token_of

from services.accounts.store import insert_user


async def test_members(apps: Apps) -> None:
    project = (await apps.reader.post("/api/v3/projects", json={"name": "p"})).json()
    made = await apps.reader.post("/api/v3/users", json={"name": "ann"})
    assert made.status_code == 201
    async with apps.stranger() as browser:
        signed_in = await browser.post("/api/v3/session/link", json={"token": made.json()["link"].split("token=")[1]})
        assert signed_in.json()["name"] == "ann"
    for bad in ("", "a b", "../x"):
        assert (await apps.reader.post("/api/v3/users", json={"name": bad})).status_code == 422, bad
    assert (await apps.reader.post("/api/v3/users", json={"name": "ann"})).status_code == 409
    assert [user["name"] for user in (await apps.reader.get("/api/v3/users")).json()["items"]] == ["admin", "ann"]
    async with apps.database.transaction() as session:
        ben = await insert_user(session, "ben")
    members = "/api/v3/projects/p/members"
    async with caller(apps.track_api, await token_of(apps.database, ben)) as reader:
        assert (await reader.get("/api/v3/users")).status_code == 403
        assert (await reader.post("/api/v3/users", json={"name": "x"})).status_code == 403
        assert (await reader.get(members)).status_code == 404
        assert (await apps.reader.put(f"{members}/ben", json={"role": "viewer"})).status_code == 200
        assert [m["name"] for m in (await reader.get(members)).json()["items"]] == ["admin", "ben"]
        for refused in (
            await reader.put(f"{members}/ben", json={"role": "owner"}),
            await reader.put("/api/v3/projects/p/views", json={"name": "v", "definition": {}}),
            await reader.post("/api/v3/projects/p/tracks/delete", json={"track_ids": []}),
            await reader.post("/api/v3/projects/p/trash/purge", json={"track_ids": []}),
        ):
            assert refused.status_code == 403
        # Who is no owner may still leave.
        assert (await reader.delete(f"{members}/{ben.user_id}")).status_code == 204
        assert (await reader.get(members)).status_code == 404
    assert (await apps.reader.put(f"{members}/nobody", json={"role": "viewer"})).json()["error"] == "user_not_found"
    last = await apps.reader.put(f"{members}/admin", json={"role": "viewer"})
    assert (last.status_code, last.json()["error"]) == (409, "last_owner")
    assert (await apps.reader.delete(f"{members}/{project['project_id']}")).status_code == 404


async def test_views(apps: Apps) -> None:
    await apps.reader.post("/api/v3/projects", json={"name": "p"})
    address = "/api/v3/projects/p/views"
    first = await apps.reader.put(address, json={"name": "best", "definition": {"query": "m.loss<1"}})
    again = await apps.reader.put(address, json={"name": "best", "definition": {"query": "m.loss<2"}})
    assert first.json()["view_id"] == again.json()["view_id"]
    await apps.reader.put(address, json={"name": "Another", "definition": {}})
    listed = (await apps.reader.get(address)).json()["items"]
    assert [(v["name"], v["definition"]) for v in listed] == [("Another", {}), ("best", {"query": "m.loss<2"})]
    for bad in ({"name": " ", "definition": {}}, {"name": "x", "definition": {"a": "b" * 60_000}}):
        assert (await apps.reader.put(address, json=bad)).status_code == 422
    assert (await apps.reader.delete(f"{address}/{first.json()['view_id']}")).status_code == 204
    assert (await apps.reader.delete(f"{address}/{first.json()['view_id']}")).status_code == 404
