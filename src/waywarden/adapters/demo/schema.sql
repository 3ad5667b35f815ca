-- The works system's own database, in its own words. It knows nothing of Open311.

create table if not exists job_types (
    code      text primary key,
    title     text not null,
    section   text not null,              -- the desk it belongs to
    hint      text not null default '',
    words     text not null default '',   -- what people call it, comma separated
    position  integer not null
);

create table if not exists job_type_questions (
    job_type   text not null references job_types (code),
    code       text not null,
    position   integer not null,
    prompt     text not null,
    kind       text not null check (kind in ('TEXT', 'NUMBER', 'ONE_OF', 'SOME_OF')),
    mandatory  integer not null default 0,
    choices    text not null default '{}',  -- a JSON object, key to wording
    primary key (job_type, code)
);

create table if not exists jobs (
    job_no          integer primary key autoincrement,
    job_type        text not null references job_types (code),
    state           text not null default 'NEW'
                    check (state in ('NEW', 'INSPECTED', 'ORDERED', 'DONE', 'NO_ACTION', 'DUPLICATE')),
    note            text not null default '',   -- what we tell the customer
    details         text not null,
    answers         text not null default '{}', -- a JSON object, question to list of values
    place           text not null default '',
    lat             real not null,
    lon             real not null,
    reporter        text not null default '',
    reporter_email  text not null default '',
    reporter_phone  text not null default '',
    their_ref       text not null default '',   -- the number the other side knows it by
    photo_urls      text not null default '',   -- one a line
    is_public       integer not null default 1,
    origin          text not null check (origin in ('STAFF', 'OPEN311')),
    created_at      text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    changed_at      text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);
create index if not exists jobs_by_their_ref on jobs (their_ref) where their_ref <> '';
create index if not exists jobs_by_created on jobs (created_at, job_no);
create index if not exists jobs_by_changed on jobs (changed_at, job_no);

create table if not exists job_photos (
    photo_no      integer primary key autoincrement,
    job_no        integer not null references jobs (job_no),
    filename      text not null,
    content_type  text not null,
    data          blob not null
);
create index if not exists job_photos_by_job on job_photos (job_no);

-- What people wrote to us about a job after it was made.
create table if not exists job_messages (
    message_no   integer primary key autoincrement,
    job_no       integer not null references jobs (job_no),
    their_ref    text not null default '',
    sender       text not null default '',
    wanted       text not null default '',   -- the state the sender thinks it is in
    text         text not null,
    photo_urls   text not null default '',
    received_at  text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);
create index if not exists job_messages_by_job on job_messages (job_no);

-- The update table. Only the trigger below writes it: whoever changes a job, by whatever
-- program, an update is there to be fetched. Its number grows and is never used twice.
create table if not exists job_updates (
    seq         integer primary key autoincrement,
    job_no      integer not null references jobs (job_no),
    state       text not null,
    note        text not null,
    changed_at  text not null
);
create index if not exists job_updates_by_time on job_updates (changed_at, seq);

create trigger if not exists jobs_tell_updates
after update of state, note on jobs
when old.state is not new.state or old.note is not new.note
begin
    insert into job_updates (job_no, state, note, changed_at)
    values (new.job_no, new.state, new.note, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
    update jobs set changed_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') where job_no = new.job_no;
end;
