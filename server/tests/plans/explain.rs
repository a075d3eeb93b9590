//! How the engines would find a statement's rows, and which tables they would read completely.

use causerie_server::store::{Db, Engine};
use sqlx::{AssertSqlSafe, Row as _};

/// A table or index that a plan reads from beginning to end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Walk {
    pub table: String,
    pub index: Option<String>,
}

/// The tables and indexes that a statement reads completely.
pub async fn walks(db: &mut Db, engine: Engine, statement: &str) -> Vec<Walk> {
    match engine {
        Engine::Sqlite => {
            let sql = format!("EXPLAIN QUERY PLAN {statement}");
            let plan = lines(db, &sql, "detail").await;
            plan.iter().filter_map(|line| of_sqlite(line, statement)).collect()
        }
        Engine::Postgres => {
            let sql = format!("PREPARE looked_at AS {statement}");
            run(db, &sql).await;
            let parameters = vec!["NULL"; parameters(statement)].join(", ");
            let execute = match parameters.is_empty() {
                true => "EXPLAIN EXECUTE looked_at".to_owned(),
                false => format!("EXPLAIN EXECUTE looked_at ({parameters})"),
            };
            let plan = lines(db, &execute, "QUERY PLAN").await;
            run(db, "DEALLOCATE looked_at").await;
            of_postgres(&plan)
        }
    }
}

const RARE: &str = "DO $$ DECLARE c record; BEGIN \
    FOR c IN SELECT table_name, column_name FROM information_schema.columns \
    WHERE table_schema = 'public' AND column_name LIKE '%id' LOOP \
    EXECUTE format('ALTER TABLE %I ALTER %I SET (n_distinct = -0.2)', c.table_name, c.column_name); \
    END LOOP; END $$";

/// Makes the engine plan as for large tables, with every usable index, whatever the values are. SQLite does so by
/// default, since it plans without sizes unless `ANALYZE` was run.
pub async fn prepare(db: &mut Db, engine: Engine) {
    if engine == Engine::Sqlite {
        return;
    }
    // Reading a small table completely is the right plan, so make every table large, and every id rare.
    run(db, RARE).await;
    run(db, "ANALYZE").await;
    let large = "UPDATE pg_class SET reltuples = 1000000, relpages = 1 WHERE oid >= 16384 AND relkind IN ('r', 'i')";
    run(db, large).await;
    run(db, "SET plan_cache_mode = force_generic_plan").await;
    for way in ["enable_seqscan", "enable_hashjoin", "enable_mergejoin"] {
        run(db, &format!("SET {way} = off")).await;
    }
}

async fn run(db: &mut Db, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(db).await;
    done.unwrap_or_else(|error| panic!("{error}: {sql}"));
}

async fn lines(db: &mut Db, sql: &str, column: &str) -> Vec<String> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(db).await;
    let rows = rows.unwrap_or_else(|error| panic!("{error}: {sql}"));
    rows.iter()
        .map(|row| row.try_get(column).expect("a line of a plan"))
        .collect()
}

fn parameters(statement: &str) -> usize {
    let numbers = statement.split('$').skip(1);
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    numbers.filter_map(|text| digits(text).parse().ok()).max().unwrap_or(0)
}

/// Parses a line such as `SCAN outbox USING INDEX outbox_due`. The name in it may be an alias of the table.
fn of_sqlite(line: &str, statement: &str) -> Option<Walk> {
    let mut words = line.strip_prefix("SCAN ")?.split_whitespace();
    let name = words.next()?;
    // A constant row, or the rows of a subquery.
    if name == "CONSTANT" || name.starts_with('(') || name == "page" || name == "picked" {
        return None;
    }
    let index = words.skip_while(|word| *word != "INDEX").nth(1).map(str::to_owned);
    Some(Walk {
        table: table(name, statement),
        index,
    })
}

/// The table behind an alias, which is the word before it.
fn table(name: &str, statement: &str) -> String {
    let words: Vec<&str> = statement
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let named = words.windows(3).find(|three| {
        matches!(three[0], "FROM" | "JOIN" | "UPDATE" | "INTO") && (three[2] == name || three[1] == name)
    });
    named.map_or_else(|| name.to_owned(), |three| three[1].to_owned())
}

/// Parses nodes such as `->  Index Scan using outbox_due on outbox o  (cost=…)`, followed by the index's conditions.
fn of_postgres(plan: &[String]) -> Vec<Walk> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut walks = vec![];
    for (at, line) in plan.iter().enumerate() {
        let node = line.trim_start().trim_start_matches("->").trim_start();
        let words: Vec<&str> = node.split_whitespace().collect();
        let after = |word: &str| words.iter().skip_while(|other| **other != word).nth(1).copied();
        if node.starts_with("Seq Scan on") || node.starts_with("Parallel Seq Scan on") {
            walks.extend(after("on").map(|table| Walk {
                table: table.to_owned(),
                index: None,
            }));
            continue;
        }
        let is_bitmap = node.starts_with("Bitmap Index Scan on");
        if !is_bitmap && !node.starts_with("Index Scan") && !node.starts_with("Index Only Scan") {
            continue;
        }
        let own = plan[at + 1..]
            .iter()
            .take_while(|below| depth(below) > depth(line) && !below.trim_start().starts_with("->"));
        if own.clone().any(|below| below.trim_start().starts_with("Index Cond:")) {
            continue;
        }
        let (index, table) = match is_bitmap {
            true => (after("on"), after("on")),
            false => (after("using").filter(|index| *index != "Backward"), after("on")),
        };
        walks.extend(table.map(|table| Walk {
            table: table.to_owned(),
            index: index.map(str::to_owned),
        }));
    }
    walks
}
