-- What the dashboards' sorts and lists walk along.

-- A call that never ended has no duration and sorts below every one that did.
CREATE INDEX call_log_longest ON call_log (workspace_id, coalesce(duration_seconds, -1), call_id);

-- Few entries are dead letters, and each list of them is short: the index holds those alone.
CREATE INDEX entries_dead_letters ON entries (workspace_id, position) WHERE name = 'dead_letter.kept';
