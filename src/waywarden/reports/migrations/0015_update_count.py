from django.db import migrations

# What has no field in the models, so that no `save()` writes an old number over it: how many shown
# updates a report has, kept by the database itself and sorted by with `reports.pins`.
COLUMN = """
ALTER TABLE reports_report ADD COLUMN update_count integer NOT NULL DEFAULT 0;
"""
NO_COLUMN = "ALTER TABLE reports_report DROP COLUMN update_count;"

# Reports are locked in the order of their numbers, so that two writers of several never wait for
# each other in a circle.
COUNTING = """
CREATE FUNCTION reports_count_updates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM reports_report
        WHERE id IN (SELECT report_id FROM touched WHERE visibility = 'shown')
        ORDER BY id FOR NO KEY UPDATE;
    UPDATE reports_report r SET update_count = r.update_count + TG_ARGV[0]::int * t.count
    FROM (
        SELECT report_id, count(*) AS count FROM touched WHERE visibility = 'shown' GROUP BY 1
    ) t
    WHERE r.id = t.report_id;
    RETURN NULL;
END $$;

CREATE FUNCTION reports_count_changed_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM reports_report WHERE id IN (OLD.report_id, NEW.report_id)
        ORDER BY id FOR NO KEY UPDATE;
    UPDATE reports_report r SET update_count = r.update_count + v.change
    FROM (
        SELECT report_id, sum(change) AS change FROM (VALUES
            (OLD.report_id, -(OLD.visibility = 'shown')::int),
            (NEW.report_id, (NEW.visibility = 'shown')::int)
        ) AS c(report_id, change) GROUP BY 1
    ) v
    WHERE r.id = v.report_id AND v.change <> 0;
    RETURN NULL;
END $$;

CREATE TRIGGER update_counted AFTER INSERT ON reports_update
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION reports_count_updates('1');
CREATE TRIGGER update_uncounted AFTER DELETE ON reports_update
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION reports_count_updates('-1');
CREATE TRIGGER update_counted_anew AFTER UPDATE ON reports_update FOR EACH ROW
    WHEN ((OLD.report_id, OLD.visibility = 'shown')
        IS DISTINCT FROM (NEW.report_id, NEW.visibility = 'shown'))
    EXECUTE FUNCTION reports_count_changed_update();

UPDATE reports_report r SET update_count = u.count
FROM (
    SELECT report_id, count(*) AS count FROM reports_update WHERE visibility = 'shown' GROUP BY 1
) u
WHERE u.report_id = r.id;
"""
NOT_COUNTING = """
DROP TRIGGER update_counted ON reports_update;
DROP TRIGGER update_uncounted ON reports_update;
DROP TRIGGER update_counted_anew ON reports_update;
DROP FUNCTION reports_count_updates, reports_count_changed_update;
"""

INDEX = """
CREATE INDEX report_most_updates ON reports_report (update_count, id)
    WHERE NOT is_private AND NOT (state IN ('unconfirmed', 'hidden'));
"""
NO_INDEX = "DROP INDEX report_most_updates;"


class Migration(migrations.Migration):
    dependencies = [("reports", "0014_update_follows")]

    operations = [
        migrations.RunSQL(COLUMN, NO_COLUMN),
        migrations.RunSQL(COUNTING, NOT_COUNTING),
        migrations.RunSQL(INDEX, NO_INDEX),
    ]
