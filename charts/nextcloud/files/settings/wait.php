<?php
// Ends when database and cache let this application in. An installation that fails is not tried again: the next start
// takes the copied program for an installed one, and leaves the rest to whoever opens the page first.
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
            sleep(2);
        }
    }
}
