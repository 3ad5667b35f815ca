-- What the adapters have sent on, so that a repeated POST is answered and not done again.

create table if not exists posts (
    jurisdiction  text not null,
    kind          text not null check (kind in ('request', 'update')),
    key           text not null,
    digest        text not null,             -- of what was asked
    -- sending: a thread of this process is at it. answered: done. unsure: it may have arrived.
    state         text not null check (state in ('sending', 'answered', 'unsure')),
    answer        text not null default '',  -- the id that was answered
    first_at      text not null,             -- when it was first sent
    last_at       text not null,             -- when it was last sent
    primary key (jurisdiction, kind, key)
) without rowid;
create index if not exists posts_by_answer on posts (jurisdiction, kind, answer);

-- Secondary work that follows a report or an update: photos, notes.
create table if not exists steps (
    step_no       integer primary key autoincrement,
    jurisdiction  text not null,
    kind          text not null check (kind in ('request', 'update')),
    key           text not null,             -- of the post that it follows
    name          text not null,
    report_id     text not null,             -- the system's own id
    data          text not null,             -- a JSON object
    blob          blob not null,             -- emptied when it is done
    -- waiting: due at next_at. done. dead: tried for long enough, a person must look.
    state         text not null default 'waiting' check (state in ('waiting', 'done', 'dead')),
    attempts      integer not null default 0,
    sent_at       text not null default '',  -- when it was last sent and may have arrived
    next_at       text not null,
    error         text not null default '',
    created_at    text not null,
    unique (jurisdiction, kind, key, name)
);
create index if not exists steps_due on steps (state, next_at);

-- Rows of a system that hands them out once, or gives them no id: kept to be asked for again.
create table if not exists kept (
    seq           integer primary key autoincrement,  -- the order in which they came
    jurisdiction  text not null,
    kind          text not null check (kind in ('request', 'update')),
    id            text not null,
    at            text not null,             -- the time it is told by
    body          text not null,             -- the row as JSON
    unique (jurisdiction, kind, id)
);
create index if not exists kept_by_time on kept (jurisdiction, kind, at, seq);

-- Whole answers of a system that hands them out once, kept before they are looked into.
create table if not exists inbox (
    letter_no     integer primary key autoincrement,
    jurisdiction  text not null,
    source        text not null,
    body          blob not null,
    taken_at      text not null
);

-- Rows that could not be used.
create table if not exists set_aside (
    jurisdiction  text not null,
    kind          text not null,
    key           text not null,
    reason        text not null,
    raw           text not null,
    times         integer not null default 1,
    first_at      text not null,
    last_at       text not null,
    primary key (jurisdiction, kind, key)
) without rowid;

-- How far a system was read.
create table if not exists marks (
    jurisdiction  text not null,
    name          text not null,
    value         text not null,
    primary key (jurisdiction, name)
) without rowid;

-- How it went with each deployment, each way.
create table if not exists health (
    jurisdiction  text not null,
    way           text not null,
    succeeded_at  text not null default '',
    failed_at     text not null default '',
    words         text not null default '',
    in_a_row      integer not null default 0,  -- failures since the last success
    primary key (jurisdiction, way)
) without rowid;
