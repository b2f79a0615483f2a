-- name: insert^
-- Note something to be done.
insert into followups_tasks (session_id, request_id, title, note, assigned_to, assigned_name, due_on, created_at)
values (:session_id, :request_id, :title, :note, :assigned_to, :assigned_name, :due_on, :now)
returning id, session_id, request_id, title, note, assigned_to, assigned_name, due_on, version, created_at, done_at, done_by_name;

-- name: page
-- Read what is to be done, or what was done, in the order it was noted.
select id, session_id, request_id, title, note, assigned_to, assigned_name, due_on, version, created_at, done_at, done_by_name
from followups_tasks
where (done_at is not null) = :done and (:person_id::uuid is null or assigned_to = :person_id) and id > :after
order by id limit :most;

-- name: finish^
-- Note that a task is done, or is not yet.
update followups_tasks set done_at = :at, done_by_name = :by, version = version + 1 where id = :id
returning id, session_id, request_id, title, note, assigned_to, assigned_name, due_on, version, created_at, done_at, done_by_name;

-- name: forget_person!
-- Take the name of one person off the tasks.
update followups_tasks set assigned_to = null, assigned_name = '' where assigned_to = :person_id;
