// Ends when database and queue are reachable. A Service leads only to pods that are ready, so a connection says that they are.
const { connect } = require('node:net');

function reachable(name, host, port) {
  return new Promise((done) => {
    const attempt = () => {
      const socket = connect({ host, port, timeout: 5000 });
      const again = (why) => {
        socket.destroy();
        console.log(`${name}: ${why}`);
        setTimeout(attempt, 2000);
      };
      socket.once('connect', () => {
        socket.destroy();
        console.log(`${name}: ready`);
        done();
      });
      socket.once('timeout', () => again('no answer'));
      socket.once('error', (error) => again(error.message));
    };
    attempt();
  });
}

const { DB_HOSTNAME, DB_PORT, REDIS_HOSTNAME, REDIS_PORT } = process.env;
reachable('database', DB_HOSTNAME, Number(DB_PORT)).then(() => reachable('queue', REDIS_HOSTNAME, Number(REDIS_PORT)));
