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
