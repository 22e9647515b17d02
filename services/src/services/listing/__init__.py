"""The tracks of a project as one table: filtered by the query language, sorted by any column, page by page."""
