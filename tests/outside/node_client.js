// Drives a simulated dome with npm onvif. Arguments: host, port, user, password, control URL, camera id.
// Exits non-zero at the first surprise. Deliberately absent: anything of Vedetta's own client.
'use strict';
const { Cam } = require('onvif');
const { promisify } = require('util');
const [host, port, user, password, control, id] = process.argv.slice(2);

const check = (what, condition) => {
  if (!condition) throw new Error(`failed: ${what}`);
  console.log(`ok: ${what}`);
};
const truth = async () => (await fetch(`${control}/cameras/${id}`)).json();
const until = async (what, condition) => {
  for (let tries = 0; tries < 200; tries++) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`did not happen: ${what}`);
};
const close = (a, b) => Math.abs(a - b) < 0.01;

(async () => {
  const cam = await new Promise((resolve, reject) => {
    const made = new Cam({ hostname: host, port, username: user, password, timeout: 10000 },
      (error) => (error ? reject(error) : resolve(made)));
  });
  const call = (name, ...args) => promisify(cam[name]).apply(cam, args);
  check('device information', (await call('getDeviceInformation')).serialNumber.startsWith('SIM'));
  check('profiles', cam.profiles.length === 2);
  check('stream URI', (await call('getStreamUri', { protocol: 'RTSP', profileToken: 'sub' })).uri === 'rtsp://127.0.0.1:5554/sub');
  check('nodes', Object.keys(await call('getNodes')).length === 1);

  await call('absoluteMove', { profileToken: 'main', x: 0.4, y: 0.3, zoom: 0.2 });
  await until('absolute', async () => { const t = await truth(); return !t.moving && close(t.position.pan, 0.4); });
  const status = await until('idle', async () => {
    const now = await call('getStatus', { profileToken: 'main' });
    return now.moveStatus.panTilt === 'IDLE' && now;
  });
  check('status', close(status.position.x, 0.4) && close(status.position.zoom, 0.2));
  await call('relativeMove', { profileToken: 'main', x: 0.1, y: 0, zoom: 0 });
  await until('relative', async () => { const t = await truth(); return !t.moving && close(t.position.pan, 0.5); });
  await call('continuousMove', { profileToken: 'main', x: -0.2, y: 0, zoom: 0, timeout: 30000 });
  await until('moving', async () => (await truth()).moving);
  await call('stop', { profileToken: 'main', panTilt: true, zoom: true });
  await until('stopped', async () => !(await truth()).moving);

  await call('setPreset', { profileToken: 'main', presetName: 'Nodo' });
  const presets = await call('getPresets', { profileToken: 'main' });
  check('preset kept', 'Nodo' in presets);
  await call('gotoHomePosition', { profileToken: 'main' });
  await until('home', async () => { const t = await truth(); return !t.moving && Math.abs(t.pose.pan_deg) < 0.1; });
  await call('gotoPreset', { profileToken: 'main', preset: presets.Nodo.$.token });
  await until('preset', async () => { const t = await truth(); return !t.moving && Math.abs(t.pose.pan_deg) > 1; });
  await call('removePreset', { profileToken: 'main', presetToken: presets.Nodo.$.token });
  check('preset gone', !('Nodo' in (await call('getPresets', { profileToken: 'main' }))));

  const heard = new Promise((resolve) => {
    cam.on('event', (message) => {
      const data = message.message && message.message.message && message.message.message.data;
      const item = data && data.simpleItem && data.simpleItem.$;
      if (/MotionAlarm/.test(message.topic._) && item && String(item.Value) === 'true') resolve();
    });
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  await fetch(`${control}/cameras/${id}/motion`, { method: 'POST', body: '{"active":true}' });
  await heard;
  check('motion told', true);
  cam.removeAllListeners('event');

  // The connection swallows refusals, the question after it does not.
  const connect = (password) => new Promise((resolve) => {
    const made = new Cam({ hostname: host, port, username: user, password }, () => resolve(made));
  });
  const stranger = await connect('not the password');
  const refused = await promisify(stranger.getDeviceInformation).call(stranger).catch((error) => error);
  check('wrong password', refused instanceof Error);

  const order = (body) => fetch(`${control}/cameras/${id}/faults`, { method: 'POST', body: JSON.stringify(body) });
  await order({ persona: 'axis' });
  const digest = await connect(password);
  check('MD5 digest only', (await promisify(digest.getDeviceInformation).call(digest)).serialNumber.startsWith('SIM'));
  console.log('all as a camera should');
  process.exit(0);
})().catch((error) => { console.error(error); process.exit(1); });
