CREATE TABLE $updates (
    $id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
    $report $key_type NOT NULL,
    $status varchar(100) NOT NULL,
    $text text NOT NULL,
    $at datetime(3) NOT NULL,
    KEY $index ($at, $id)
);

CREATE TRIGGER $trigger AFTER UPDATE ON $reports FOR EACH ROW
INSERT INTO $updates ($report, $status, $text, $at)
SELECT NEW.$key, coalesce(NEW.$old_status, ''), coalesce(NEW.$old_note, ''), utc_timestamp(3)
FROM (SELECT 1 AS one) AS once
WHERE NOT (OLD.$old_status <=> NEW.$old_status AND OLD.$old_note <=> NEW.$old_note);
