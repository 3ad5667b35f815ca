CREATE TABLE $updates (
    $id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    $report $key_type NOT NULL,
    $status text NOT NULL,
    $text text NOT NULL DEFAULT '',
    $at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX $index ON $updates ($at, $id);

-- It runs with the rights of whoever made it, so that the programs that change reports need none.
CREATE FUNCTION $function() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$$$
BEGIN
    INSERT INTO $updates ($report, $status, $text)
    VALUES (NEW.$key, coalesce(NEW.$old_status::text, ''), coalesce(NEW.$old_note::text, ''));
    RETURN NEW;
END $$$$;

CREATE TRIGGER $trigger AFTER UPDATE ON $reports FOR EACH ROW
WHEN (OLD.$old_status IS DISTINCT FROM NEW.$old_status OR OLD.$old_note IS DISTINCT FROM NEW.$old_note)
EXECUTE FUNCTION $function();
