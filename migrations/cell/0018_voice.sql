-- Objections to being recorded, and which of them something is still to be done for. No personal value.

INSERT INTO positions VALUES ('objections', 0);

CREATE TABLE objections (
    workspace_id uuid NOT NULL,
    call_id uuid NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    first_recorded_at timestamptz NOT NULL,
    open_legs uuid[] NOT NULL,  -- of whoever objected, and is not done with
    PRIMARY KEY (call_id)
);
CREATE INDEX objections_open ON objections (first_recorded_at) WHERE open_legs <> '{}';
SELECT secure_view('objections');
