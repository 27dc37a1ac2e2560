-- Text messages: who, when and how far. No personal value, and nothing that a message says.

INSERT INTO positions VALUES ('message_log', 0);

CREATE TABLE message_log (
    workspace_id uuid NOT NULL,
    message_id uuid NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    first_recorded_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    direction text,
    status text,
    error_code integer,
    segments integer,
    media integer,
    opt_out text,
    sender_subject uuid,
    recipient_subject uuid,
    sender jsonb,
    recipient jsonb,
    PRIMARY KEY (message_id)
);
CREATE INDEX message_log_newest ON message_log (workspace_id, first_recorded_at, message_id);
CREATE INDEX message_log_sender ON message_log (sender_subject, first_recorded_at)
    WHERE sender_subject IS NOT NULL;
CREATE INDEX message_log_recipient ON message_log (recipient_subject, first_recorded_at)
    WHERE recipient_subject IS NOT NULL;
SELECT secure_view('message_log');
