#!/bin/bash
# Builds the peers of the benchmarks, as far as what they need is installed; says what is left out.
# What is newer than its source is left alone.
#
#   bench/peers/build.sh FOLDER [raw]    FOLDER/PEER/wN-name come out, and FOLDER/tools/*
#
# raw: only the tools and the bare C programs that need no package.
#
# "make deps GROUP=bench" installs what they need, GROUP=bench-rust what tokio needs (half a GB).
set -u

out=${1:?usage: bench/peers/build.sh FOLDER [raw]}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out" || exit 1
out=$(cd "$out" && pwd)
failed=0

have() {
	command -v "$1" >/dev/null 2>&1
}

leave_out() { # leave_out PEER REASON
	echo "peers: no $1: $2"
}

has_library() { # has_library FLAG...: does a program link with it?
	echo 'int main(void) { return 0; }' | ${CC:-cc} -x c - -o /dev/null "$@" 2>/dev/null
}

c() { # c PEER PROGRAM SOURCE FLAG...
	file=$out/$1/$2 source=$here/$3
	mkdir -p "$out/$1"
	shift 3
	[ "$file" -nt "$source" ] && [ "$file" -nt "$here/util.h" ] && return
	${CC:-cc} -O2 -g -D_GNU_SOURCE -Wno-unused-result -o "$file" "$source" "$@" || failed=1
}

links() { # links PEER PROGRAM...: names for the one program FOLDER/PEER/bin
	peer=$1
	shift
	for program in "$@"; do
		ln -sf bin "$out/$peer/$program"
	done
}

script() { # script PEER PROGRAM: a program from what comes on stdin
	mkdir -p "$out/$1"
	cat >"$out/$1/$2" && chmod +x "$out/$1/$2"
}

c tools speed speed.c
c tools load load.c
c tools delayd delayd.c
c epoll w6-echo epoll_server.c
c epoll w7-http-server epoll_server.c
c epoll w8-http-client raw_client.c
c epoll w9-fanout raw_client.c
c epoll w10-pg pg_raw.c
c sync w12-files files.c
c ucontext w2-switch context.c
[ "${2:-}" = raw ] && exit $failed

if has_library -lboost_context; then
	c fcontext w2-switch context.c -DFCTX -lboost_context
else
	leave_out fcontext "libboost-context-dev is not installed"
fi
if has_library -luring; then
	c uring w6-echo uring_echo.c -luring
else
	leave_out uring "liburing-dev is not installed"
fi
if has_library -luv; then
	c libuv w4-timers uv_timers.c -luv
	c libuv w6-echo uv_echo.c -luv
	c libuv w12-files uv_files.c -luv
else
	leave_out libuv "libuv1-dev is not installed"
fi
if has_library -lpq; then
	c libpq w10-pg pq_client.c -I"$(pg_config --includedir)" -lpq -lpthread
else
	leave_out libpq "libpq-dev is not installed"
fi
if has_library -lsqlite3; then
	c sync w11-sqlite sqlite_sync.c -lsqlite3
else
	leave_out "synchronous SQLite" "libsqlite3-dev is not installed"
fi
if has_library -lcurl; then
	c curl w8-http-client curl_client.c -lcurl
	c curl w9-fanout curl_client.c -lcurl
else
	leave_out curl "libcurl4-openssl-dev is not installed"
fi

all="w1-spawn w2-switch w3-sleepers w4-timers w5-queue w6-echo w7-http-server w8-http-client w9-fanout"

if have go; then
	mkdir -p "$out/go"
	[ "$out/go/bin" -nt "$here/go/main.go" ] ||
		(cd "$here/go" && GOFLAGS=-mod=mod GOPROXY=off go build -o "$out/go/bin" .) || failed=1
	links go $all w12-files
else
	leave_out go "golang-go is not installed"
fi

python() { # python PEER PROGRAM...: how Python runs them
	peer=$1
	shift
	for program in "$@"; do
		script "$peer" "$program" <<-END
			#!/bin/sh
			exec /usr/bin/python3 "$here/python/w.py" $peer $program "\$@"
		END
	done
}

core="w1-spawn w2-switch w3-sleepers w4-timers w5-queue w6-echo"
for loop in asyncio uvloop; do
	if ! /usr/bin/python3 -c "import $loop" 2>/dev/null; then
		leave_out $loop "python3-$loop is not installed"
		continue
	fi
	python $loop $core
	python $loop-streams w6-echo
	/usr/bin/python3 -c "import aiofiles" 2>/dev/null && python $loop w12-files
	/usr/bin/python3 -c "import asyncpg" 2>/dev/null && python $loop w10-pg
	/usr/bin/python3 -c "import aiosqlite" 2>/dev/null && python $loop w11-sqlite
	if /usr/bin/python3 -c "import aiohttp" 2>/dev/null; then
		python $loop w7-http-server w8-http-client w9-fanout
	else
		leave_out "$loop's HTTP" "python3-aiohttp is not installed"
	fi
done

# Only from what Debian has packed: nothing is fetched.
crates=/usr/share/cargo/registry
if have cargo && ls -d $crates/hyper-0.14* $crates/tokio-1.* >/dev/null 2>&1; then
	mkdir -p "$out/tokio"
	if [ ! "$out/tokio/bin" -nt "$here/rust/src/main.rs" ]; then
		echo "peers: building tokio, which takes a minute"
		rm -rf "$out/rust"
		cp -r "$here/rust" "$out/rust"
		(cd "$out/rust" && cargo build -q --release --offline \
			--config 'source.crates-io.replace-with="deb"' \
			--config "source.deb.directory=\"$crates\"") &&
			cp "$out/rust/target/release/wok-peer" "$out/tokio/bin" || failed=1
	fi
	links tokio $all
else
	leave_out tokio "cargo, librust-tokio-dev and librust-hyper-dev are not all installed"
fi

nginx=$(command -v nginx || ls /usr/sbin/nginx 2>/dev/null)
if [ -n "$nginx" ]; then
	folder=$out/nginx
	mkdir -p "$folder"
	body=$(head -c 200 /dev/zero | tr '\0' x)
	cat >"$folder/nginx.conf" <<-END
		worker_processes 1; daemon off; pid $folder/PORT.pid; error_log $folder/error.log crit;
		worker_rlimit_nofile 20000;
		events { worker_connections 19000; }
		http {
			access_log off; tcp_nodelay on;
			keepalive_requests 1000000000; keepalive_timeout 600;
			client_body_temp_path $folder/t1; proxy_temp_path $folder/t2;
			fastcgi_temp_path $folder/t3; uwsgi_temp_path $folder/t4;
			scgi_temp_path $folder/t5;
			server {
				listen 127.0.0.1:PORT backlog=4096; default_type text/plain;
				location = / { return 200 "hello"; }
				location = /r200 { return 200 "$body"; }
			}
		}
	END
	script nginx w7-http-server <<-END
		#!/bin/sh
		sed "s/PORT/\$1/g" $folder/nginx.conf >$folder/\$1.conf
		exec $nginx -c $folder/\$1.conf -e $folder/error.log
	END
else
	leave_out nginx "nginx-light is not installed"
fi
have wrk || echo "peers: no wrk: W7 is left out"
exit $failed
