# A durable event that does nothing, beside a bare SQLite insert.
"$(program latency)" "$(scratch)"
