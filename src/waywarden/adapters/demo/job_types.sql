-- What the council mends. Fills the tables when the database is new.

insert into job_types (code, title, section, hint, words, position) values
    ('POTH', 'Potholes', 'Roads', 'A hole in a road, a pavement or a cycle track.', 'pothole,hole,carriageway', 1),
    ('TREE', 'Fallen trees', 'Parks and trees', 'A tree or a large branch that lies in the way.', 'tree,branch', 2),
    ('DRAI', 'Blocked drains', 'Roads', 'Water that does not run off, or a gully full of leaves.', 'drain,gully,flood', 3),
    ('GRAF', 'Graffiti', 'Street cleaning', 'Writing or painting on walls, signs and street furniture.', 'graffiti,paint', 4),
    ('LITT', 'Litter', 'Street cleaning', 'Rubbish in the street, or a bin that is full.', 'litter,rubbish,bin', 5),
    ('LAMP', 'Street lighting', 'Roads', 'A street lamp that is out, or that burns by day.', 'lamp,light,dark', 6);

insert into job_type_questions (job_type, code, position, prompt, kind, mandatory, choices) values
    ('POTH', 'depth', 1, 'How deep is it?', 'ONE_OF', 1,
     '{"shallow": "Less than 5 cm", "deep": "5 cm or more", "unknown": "I cannot tell"}'),
    ('POTH', 'where_in_road', 2, 'Where in the road is it?', 'SOME_OF', 0,
     '{"lane": "In the traffic lane", "cycle": "In the cycle lane", "kerb": "By the kerb", "crossing": "On a crossing"}'),
    ('TREE', 'blocks', 1, 'What does it block?', 'SOME_OF', 0,
     '{"road": "The road", "pavement": "The pavement", "cables": "It lies on cables"}'),
    ('GRAF', 'offensive', 1, 'Is it offensive?', 'ONE_OF', 1, '{"yes": "Yes", "no": "No"}'),
    ('LAMP', 'lamp_number', 1, 'The number on the lamp post, if you can read it', 'TEXT', 0, '{}');
