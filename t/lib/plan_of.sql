-- EXPLAIN, without what PostgreSQL 18 and 19 add
CREATE FUNCTION plan_of(query text, options text DEFAULT 'COSTS OFF') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE format('EXPLAIN (%s) %s', options, query) LOOP
        IF line !~ '^ *(Disabled|Replaces|Window): ' THEN
            RETURN NEXT regexp_replace(line, '\n *Disabled: [a-z]+|(?<=SubPlan) \w+', '', 'g');
        END IF;
    END LOOP;
END $$;
