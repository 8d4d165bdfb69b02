"""The only place that speaks SQL: schema, migrations, and one module of statements for each subject."""
