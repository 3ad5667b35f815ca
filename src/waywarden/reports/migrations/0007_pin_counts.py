from django.db import migrations, models
from django.db.models import Q

SEEN = Q(is_private=False) & ~Q(state__in=["unconfirmed", "hidden"])

# What has no field in the models: the words of a report, looked for with `reports.pins`.
WORDS = """
ALTER TABLE reports_report ADD COLUMN words tsvector GENERATED ALWAYS AS (
    to_tsvector('simple'::regconfig, title || ' ' || category_name || ' ' || nearest_address || ' ' || detail)
) STORED;
CREATE INDEX report_words ON reports_report USING gin (words) WITH (fastupdate = on);
"""
NO_WORDS = "ALTER TABLE reports_report DROP COLUMN words;"

# The counts are written by the database itself, so that no way of writing a report can forget them
# (docs/decisions). Everything is added, never changed: writers of one busy cell do not queue.
COUNTING = """
CREATE FUNCTION reports_pin_class(state text, is_private boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN is_private OR state IN ('unconfirmed', 'hidden') THEN NULL
        WHEN state = 'confirmed' THEN 'open'
        WHEN state IN ('investigating', 'in progress', 'planned', 'action scheduled', 'for triage')
            THEN 'progress'
        WHEN state IN ('fixed', 'fixed - user', 'fixed - council') THEN 'fixed'
        ELSE 'closed'
    END
$$;

CREATE FUNCTION reports_count_reports() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reports_pincount (body_id, cell, category, kind, count, lat_sum, lon_sum, is_folded)
    SELECT 0, r.cell >> 32, r.category_name, k.kind, TG_ARGV[0]::bigint * count(*),
        TG_ARGV[0]::bigint * sum(round(r.lat * 1e6)::bigint),
        TG_ARGV[0]::bigint * sum(round(r.lon * 1e6)::bigint), false
    FROM touched r, LATERAL (SELECT reports_pin_class(r.state, r.is_private) AS kind) k
    WHERE k.kind IS NOT NULL
    GROUP BY 2, 3, 4;
    RETURN NULL;
END $$;

CREATE FUNCTION reports_count_at_bodies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A change of the report's state at the same moment waits for this one, or is seen by it.
    PERFORM 1 FROM reports_report WHERE id IN (SELECT report_id FROM touched)
        ORDER BY id FOR NO KEY UPDATE;
    INSERT INTO reports_pincount (body_id, cell, category, kind, count, lat_sum, lon_sum, is_folded)
    SELECT t.body_id, r.cell >> 32, r.category_name, k.kind, TG_ARGV[0]::bigint * count(*),
        TG_ARGV[0]::bigint * sum(round(r.lat * 1e6)::bigint),
        TG_ARGV[0]::bigint * sum(round(r.lon * 1e6)::bigint), false
    FROM touched t JOIN reports_report r ON r.id = t.report_id,
        LATERAL (SELECT reports_pin_class(r.state, r.is_private) AS kind) k
    WHERE k.kind IS NOT NULL AND t.left_at IS NULL
    GROUP BY 1, 2, 3, 4;
    RETURN NULL;
END $$;

CREATE FUNCTION reports_count_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reports_pincount (body_id, cell, category, kind, count, lat_sum, lon_sum, is_folded)
    SELECT b.body_id, v.cell >> 32, v.category, v.kind, v.sign,
        v.sign * round(v.lat * 1e6)::bigint, v.sign * round(v.lon * 1e6)::bigint, false
    FROM (VALUES
        (OLD.cell, OLD.category_name, reports_pin_class(OLD.state, OLD.is_private), -1, OLD.lat, OLD.lon),
        (NEW.cell, NEW.category_name, reports_pin_class(NEW.state, NEW.is_private), 1, NEW.lat, NEW.lon)
    ) AS v(cell, category, kind, sign, lat, lon),
    (SELECT 0 AS body_id UNION ALL SELECT body_id FROM reports_reportbody
        WHERE report_id = NEW.id AND left_at IS NULL) b
    WHERE v.kind IS NOT NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION reports_count_leaving() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM reports_report WHERE id = NEW.report_id FOR NO KEY UPDATE;
    INSERT INTO reports_pincount (body_id, cell, category, kind, count, lat_sum, lon_sum, is_folded)
    SELECT NEW.body_id, r.cell >> 32, r.category_name, k.kind, s.sign,
        s.sign * round(r.lat * 1e6)::bigint, s.sign * round(r.lon * 1e6)::bigint, false
    FROM reports_report r,
        LATERAL (SELECT reports_pin_class(r.state, r.is_private) AS kind) k,
        (SELECT CASE WHEN NEW.left_at IS NULL THEN 1 ELSE -1 END AS sign) s
    WHERE r.id = NEW.report_id AND k.kind IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER report_counted AFTER INSERT ON reports_report
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION reports_count_reports('1');
CREATE TRIGGER report_uncounted AFTER DELETE ON reports_report
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION reports_count_reports('-1');
CREATE TRIGGER report_counted_anew AFTER UPDATE ON reports_report FOR EACH ROW
    WHEN ((OLD.state, OLD.is_private, OLD.category_name, OLD.cell, OLD.lat, OLD.lon)
        IS DISTINCT FROM (NEW.state, NEW.is_private, NEW.category_name, NEW.cell, NEW.lat, NEW.lon))
    EXECUTE FUNCTION reports_count_change();
CREATE TRIGGER report_body_counted AFTER INSERT ON reports_reportbody
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION reports_count_at_bodies('1');
CREATE TRIGGER report_body_uncounted AFTER DELETE ON reports_reportbody
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION reports_count_at_bodies('-1');

CREATE TRIGGER report_body_left AFTER UPDATE ON reports_reportbody FOR EACH ROW
    WHEN ((OLD.left_at IS NULL) <> (NEW.left_at IS NULL))
    EXECUTE FUNCTION reports_count_leaving();

CREATE FUNCTION reports_count_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a report''s row at a body is never given to another; delete it and make one';
END $$;
CREATE TRIGGER report_body_stays BEFORE UPDATE ON reports_reportbody FOR EACH ROW
    WHEN ((OLD.report_id, OLD.body_id) IS DISTINCT FROM (NEW.report_id, NEW.body_id))
    EXECUTE FUNCTION reports_count_moved();

INSERT INTO reports_pincount (body_id, cell, category, kind, count, lat_sum, lon_sum, is_folded)
SELECT b.body_id, r.cell >> 32, r.category_name, reports_pin_class(r.state, r.is_private), count(*),
    sum(round(r.lat * 1e6)::bigint), sum(round(r.lon * 1e6)::bigint), true
FROM reports_report r JOIN (
    SELECT id AS report_id, 0 AS body_id FROM reports_report
    UNION ALL SELECT report_id, body_id FROM reports_reportbody WHERE left_at IS NULL
) b ON b.report_id = r.id
WHERE reports_pin_class(r.state, r.is_private) IS NOT NULL
GROUP BY 1, 2, 3, 4;
"""
NOT_COUNTING = """
DROP TRIGGER report_counted ON reports_report;
DROP TRIGGER report_uncounted ON reports_report;
DROP TRIGGER report_counted_anew ON reports_report;
DROP TRIGGER report_body_counted ON reports_reportbody;
DROP TRIGGER report_body_uncounted ON reports_reportbody;
DROP TRIGGER report_body_left ON reports_reportbody;
DROP TRIGGER report_body_stays ON reports_reportbody;
DROP FUNCTION reports_count_reports, reports_count_at_bodies, reports_count_change;
DROP FUNCTION reports_count_leaving, reports_count_moved, reports_pin_class;
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0006_words_for_mail")]

    operations = [
        migrations.RemoveIndex(model_name="report", name="report_cell"),
        migrations.RemoveIndex(model_name="report", name="report_newest"),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                fields=["cell"],
                name="report_box",
                condition=SEEN,
                include=["confirmed_at", "id", "lat", "lon", "state", "category_name"],
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                fields=["-confirmed_at", "-id"],
                name="report_newest",
                condition=SEEN,
                include=["cell", "lat", "lon", "state", "category_name"],
            ),
        ),
        migrations.CreateModel(
            name="PinCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("body_id", models.BigIntegerField(default=0)),
                ("cell", models.BigIntegerField()),
                ("category", models.CharField(max_length=200)),
                ("kind", models.CharField(max_length=8)),
                ("count", models.BigIntegerField()),
                ("lat_sum", models.BigIntegerField()),
                ("lon_sum", models.BigIntegerField()),
                ("is_folded", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["body_id", "cell", "category", "kind"],
                        name="pin_count_cell",
                        include=["count", "lat_sum", "lon_sum"],
                    ),
                    models.Index(fields=["id"], name="pin_count_new", condition=Q(is_folded=False)),
                ]
            },
        ),
        migrations.RunSQL(WORDS, NO_WORDS),
        migrations.RunSQL(COUNTING, NOT_COUNTING),
    ]
