# The crowd of crowd.sh. usage: crowd.py DATA HOST:PORT PID SECONDS
import http.client, json, os, resource, socket, ssl, sys, threading, time

data, address, pid, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
host, port = address.rsplit(':', 1)
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
end = time.time() + seconds
stranger = ssl.create_default_context(cafile=f'{data}/ca.pem')
IDLE = b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
SLOW = b'POST /v1/enrolments HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{'


def memory():
    with open(f'/proc/{pid}/status') as status:
        return next(int(line.split()[1]) for line in status if line.startswith('VmRSS'))


def hold(source, text):
    """One place of the crowd: as soon as the server lets it go, it comes again."""
    while True:
        try:
            raw = socket.create_connection((host, int(port)), timeout=30, source_address=(source, 0))
            with stranger.wrap_socket(raw, server_hostname='127.0.0.1') as held:
                held.sendall(text)
                while held.recv(1024):
                    pass
        except OSError:
            pass
        time.sleep(5)


def call():
    context = ssl.create_default_context(cafile=f'{data}/ca.pem')
    station = f'{data}/stations/sala-operativa'
    context.load_cert_chain(f'{station}/cert.pem', f'{station}/key.pem')
    connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=30)
    connection.request('GET', '/v1/stations/sala-operativa/heads')
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


call()
before = memory()
crowd = []
for part in range(4):
    child = os.fork()
    if child == 0:
        # Apart from the calls that are measured, and behind them.
        os.nice(10)
        threading.stack_size(512 * 1024)
        for n in range(part, 2512, 4):
            text = SLOW if n < 512 else IDLE
            threading.Thread(target=hold, args=(f'127.0.0.{2 + n % 8}', text), daemon=True).start()
        time.sleep(max(0, end - time.time()))
        os._exit(0)
    crowd.append(child)
time.sleep(min(10, seconds / 4))
times, refused, most = [], 0, 0
while len(times) < 1000 and time.time() < end:
    begun = time.time()
    try:
        refused += call() != 200
    except (OSError, http.client.HTTPException):
        refused += 1
    times.append(time.time() - begun)
    most = max(most, memory())
    time.sleep(max(0, (end - time.time()) / max(1, 1000 - len(times)) - times[-1]))
for child in crowd:
    os.kill(child, 9)
times.sort()
print(json.dumps({
    'calls': len(times), 'refused': refused, 'p50_ms': round(1000 * times[len(times) // 2], 1),
    'p99_ms': round(1000 * times[len(times) * 99 // 100], 1), 'memory_kib': {'idle': before, 'most': most},
}))
