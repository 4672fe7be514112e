#!/bin/sh
# The servers that some of the source notes' programs talk to, all on loopback.
#
#   tests/seed/services.sh start     starts those whose packages are there; says what is left out
#   tests/seed/services.sh stop      stops what this script started
#   tests/seed/services.sh status    a line each; exit status 1 if one is down
#
#   httpbin     http://127.0.0.1:8899   stands in for httpbin.org         (make deps GROUP=seed)
#   github      http://127.0.0.1:8898   stands in for api.github.com      (standin.py)
#   postgresql  127.0.0.1:54329, user "user", password "password", database "mydb" with the table
#               users(id,name,email,active) of ten rows   (postgresql-15)
#
# State is kept in SEED_RUN. A server that already answers on a port is used as it is.
set -u

here=$(cd "$(dirname "$0")" && pwd)
run=${SEED_RUN:-${TMPDIR:-/tmp}/wok-seed-$(id -u)}
httpbin_port=8899
github_port=8898
pg_port=54329
pg_root=$run/pg # data, socket and log; belongs to the server's user
pg_user=postgres # the package's, when we are root: the server refuses to run as root

fail() {
	echo "services: $*" >&2
	exit 1
}

# The first python3 that can import these modules: not every one on PATH is Debian's.
find_python() {
	for folder in $(echo "$PATH" | tr : ' ') /usr/bin; do
		[ -x "$folder/python3" ] || continue
		"$folder/python3" -c "import $1" >/dev/null 2>&1 || continue
		echo "$folder/python3"
		return 0
	done
	return 1
}

answers() { # answers URL
	python3 - "$1" >/dev/null 2>&1 <<-'END'
		import sys, urllib.request
		opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
		sys.exit(opener.open(sys.argv[1], timeout=5).status != 200)
	END
}

wait_for() { # wait_for NAME URL LOG
	tries=0
	until answers "$2"; do
		tries=$((tries + 1))
		[ $tries -lt 60 ] || fail "$1 did not answer at $2 within 30 s (see $3)"
		sleep 0.5
	done
}

# A process id may have been given to another program since: its command line must still fit.
alive() { # alive PIDFILE WORD
	[ -s "$1" ] && tr '\0' ' ' <"/proc/$(cat "$1")/cmdline" 2>/dev/null | grep -q -- "$2"
}

stop_one() { # stop_one NAME WORD
	pidfile=$run/$1.pid
	if alive "$pidfile" "$2"; then
		kill "$(cat "$pidfile")" 2>/dev/null
		tries=0
		while alive "$pidfile" "$2" && [ $tries -lt 50 ]; do
			tries=$((tries + 1))
			sleep 0.1
		done
		echo "$1: stopped"
	fi
	rm -f "$pidfile"
}

start_httpbin() {
	url=http://127.0.0.1:$httpbin_port/get
	if answers "$url"; then
		echo "httpbin: answers already on port $httpbin_port"
		return
	fi
	if ! python=$(find_python "httpbin, gunicorn, gevent"); then
		echo "httpbin: left out, its packages are missing (make deps GROUP=seed)"
		return
	fi
	(cd "$run" && "$python" -m gunicorn --daemon --pid "$run/httpbin.pid" \
		--worker-class gevent --workers 1 --worker-connections 1000 --backlog 512 \
		--keep-alive 30 --timeout 120 --log-level warning \
		--error-logfile "$run/httpbin.log" --bind "127.0.0.1:$httpbin_port" httpbin:app)
	wait_for httpbin "$url" "$run/httpbin.log"
	answers "http://127.0.0.1:$httpbin_port/delay/0" # the first request of a route is slow
	echo "httpbin: started on port $httpbin_port"
}

start_github() {
	url=http://127.0.0.1:$github_port/users/octocat
	if answers "$url"; then
		echo "github: answers already on port $github_port"
		return
	fi
	setsid python3 "$here/standin.py" "$github_port" >"$run/github.log" 2>&1 </dev/null &
	echo $! >"$run/github.pid"
	wait_for github "$url" "$run/github.log"
	echo "github: started on port $github_port"
}

as_pg() {
	if [ "$(id -u)" = 0 ]; then
		(cd "$pg_root" && runuser -u "$pg_user" -- "$@")
	else
		(cd "$pg_root" && "$@")
	fi
}

find_pg() {
	for folder in /usr/lib/postgresql/*/bin; do
		[ -x "$folder/initdb" ] && pg_bin=$folder && return 0
	done
	return 1
}

pg_up() {
	[ -d "$pg_root/data" ] && as_pg "$pg_bin/pg_ctl" -D "$pg_root/data" status >/dev/null 2>&1
}

make_cluster() {
	mkdir -p "$pg_root/sock"
	if [ "$(id -u)" = 0 ]; then chown -R "$pg_user" "$pg_root"; fi
	[ -s "$pg_root/data/PG_VERSION" ] && return
	as_pg "$pg_bin/initdb" -D "$pg_root/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
		--no-sync >"$run/initdb.log" 2>&1 || fail "initdb failed (see $run/initdb.log)"
	# A password over TCP, none on the private Unix socket.
	as_pg sh -c "cat >'$pg_root/data/pg_hba.conf'" <<-'END'
		local all all                 trust
		host  all all 127.0.0.1/32    scram-sha-256
	END
}

fill_database() {
	psql="$pg_bin/psql -X -q -v ON_ERROR_STOP=1 -h $pg_root/sock -p $pg_port -U postgres -d"
	# shellcheck disable=SC2086
	as_pg $psql postgres <<-'END' || return 1
		SET password_encryption = 'scram-sha-256';
		DROP DATABASE IF EXISTS mydb;
		DROP ROLE IF EXISTS "user";
		CREATE ROLE "user" LOGIN PASSWORD 'password';
		CREATE DATABASE mydb OWNER "user";
	END
	# Ten rows, the odd ids active; the notes' INSERT leaves active at its default.
	# shellcheck disable=SC2086
	as_pg $psql mydb <<-'END'
		SET ROLE "user";
		CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL, email text,
		                    active boolean NOT NULL DEFAULT false);
		INSERT INTO users(name, email, active)
		SELECT '用户' || i, 'user' || i || '@example.com', i % 2 = 1
		FROM generate_series(1, 10) AS i;
	END
}

start_pg() {
	if ! find_pg; then
		echo "postgresql: left out, it is not installed"
		return
	fi
	make_cluster
	if ! pg_up; then
		as_pg "$pg_bin/pg_ctl" -D "$pg_root/data" -l "$pg_root/log" -w -t 30 -o \
			"-c listen_addresses=127.0.0.1 -c port=$pg_port -c fsync=off \
			 -c unix_socket_directories=$pg_root/sock" \
			start >"$run/pg_ctl.log" 2>&1 || fail "pg_ctl failed (see $pg_root/log)"
	fi
	fill_database >"$run/psql.log" 2>&1 || fail "cannot fill the database (see $run/psql.log)"
	echo "postgresql: started on port $pg_port, ten users"
}

stop_pg() {
	if find_pg && pg_up; then
		as_pg "$pg_bin/pg_ctl" -D "$pg_root/data" -m fast -w stop >/dev/null 2>&1
		echo "postgresql: stopped"
	fi
}

status() {
	down=0
	for service in "httpbin http://127.0.0.1:$httpbin_port/get" \
		"github http://127.0.0.1:$github_port/users/octocat"; do
		if answers "${service#* }"; then
			echo "${service%% *}: up, ${service#* }"
		else
			echo "${service%% *}: down"
			down=1
		fi
	done
	if find_pg && pg_up; then
		echo "postgresql: up, port $pg_port"
	else
		echo "postgresql: down"
		down=1
	fi
	return $down
}

case "${1:-}" in
start)
	mkdir -p "$run" "$pg_root" || fail "cannot create $run"
	[ -O "$run" ] || fail "$run belongs to somebody else: set SEED_RUN to another folder"
	start_httpbin
	start_github
	start_pg
	;;
stop)
	stop_one httpbin httpbin:app
	stop_one github standin.py
	stop_pg
	;;
status) status ;;
*)
	echo "usage: $0 start|stop|status" >&2
	exit 2
	;;
esac
