<?php
// Ends when database and cache let this application in, or as an error after the seconds of its argument. An installation that
// fails is not tried again: the next start takes the copied program for an installed one, and leaves the rest to whoever opens
// the page first.
$end = isset($argv[1]) ? time() + (int) $argv[1] : PHP_INT_MAX;
// Process 1 does nothing at a signal without a handler.
pcntl_async_signals(true);
pcntl_signal(SIGTERM, fn () => exit(143));
$checks = [
    'database' => function () {
        $address = sprintf('pgsql:host=%s;port=%s;dbname=%s;connect_timeout=5', getenv('POSTGRES_HOST'), getenv('POSTGRES_PORT'), getenv('POSTGRES_DB'));
        (new PDO($address, getenv('POSTGRES_USER'), getenv('POSTGRES_PASSWORD')))->query('SELECT 1');
    },
    'cache' => function () {
        $redis = new Redis();
        $redis->connect(getenv('CACHE_HOST'), 6379, 5);
        $redis->auth(getenv('CACHE_PASSWORD'));
        $redis->ping();
    },
];
foreach ($checks as $name => $check) {
    while (true) {
        try {
            $check();
            echo "$name: ready\n";
            break;
        } catch (Throwable $error) {
            echo "$name: {$error->getMessage()}\n";
            if (time() >= $end) {
                exit(1);
            }
            sleep(2);
        }
    }
}
