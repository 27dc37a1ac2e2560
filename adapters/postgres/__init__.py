"""PostgreSQL itself: the embedded server, pools of connections, migrations. It knows no table."""
