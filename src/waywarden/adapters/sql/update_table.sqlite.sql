CREATE TABLE $updates (
    $id integer PRIMARY KEY AUTOINCREMENT,
    $report $key_type NOT NULL,
    $status text NOT NULL,
    $text text NOT NULL DEFAULT '',
    $at text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);

CREATE INDEX $index ON $updates ($at, $id);

CREATE TRIGGER $trigger AFTER UPDATE ON $reports
WHEN OLD.$old_status IS NOT NEW.$old_status OR OLD.$old_note IS NOT NEW.$old_note
BEGIN
    INSERT INTO $updates ($report, $status, $text)
    VALUES (NEW.$key, coalesce(NEW.$old_status, ''), coalesce(NEW.$old_note, ''));
END;
