"""The history database: SQLite or PostgreSQL, through SQLAlchemy Core."""
