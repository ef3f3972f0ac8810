"""The only room that speaks SQL: jobs, parts, service row, migrations."""
