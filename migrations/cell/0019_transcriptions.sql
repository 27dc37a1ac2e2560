-- Transcriptions: which are to be fetched, and where those of a call are. Nothing that was said.

INSERT INTO positions VALUES ('transcriptions', 0);

CREATE TABLE transcriptions (
    workspace_id uuid NOT NULL,
    transcription_id uuid NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    call_id uuid,  -- null: it is not known yet
    first_recorded_at timestamptz NOT NULL,
    is_due boolean NOT NULL,  -- whether it is to be fetched
    attempts integer NOT NULL,  -- at that
    tried_at timestamptz,
    PRIMARY KEY (transcription_id)
);
CREATE INDEX transcriptions_of_call ON transcriptions (workspace_id, call_id, first_recorded_at)
    WHERE call_id IS NOT NULL;
CREATE INDEX transcriptions_due ON transcriptions (first_recorded_at) WHERE is_due;
SELECT secure_view('transcriptions');
