// A carrier on loopback. The protocol is the smpp package's; the test says by lines of JSON on stdin what it does, and
// hears by lines of JSON on stdout what came. Started as: node smsc.js PASSWORD
const readline = require('node:readline');
const smpp = require('smpp');

const tell = (what) => process.stdout.write(JSON.stringify(what) + '\n');
const sessions = new Set();
let answers = [];        // statuses for the next submits, then 0
let silent = false;      // take submits and never answer
let receiptFirst = false;
let hex = false;
let count = 1000;

const server = smpp.createServer((session) => {
  session.on('error', () => {});
  session.on('close', () => { sessions.delete(session); tell({ event: 'closed' }); });
  const bind = (pdu) => {
    if (pdu.password !== process.argv[2]) {
      session.send(pdu.response({ command_status: smpp.ESME_RBINDFAIL }));
      tell({ event: 'refused' });
      session.close();
      return;
    }
    sessions.add(session);
    session.send(pdu.response({ system_id: 'carrier' }));
    tell({ event: 'bound', mode: pdu.command, system_id: pdu.system_id });
  };
  for (const mode of ['bind_transceiver', 'bind_receiver', 'bind_transmitter']) session.on(mode, bind);
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
  session.on('enquire_link', (pdu) => { session.send(pdu.response()); tell({ event: 'enquired' }); });
  session.on('submit_sm', (pdu) => {
    const status = answers.shift() || 0;
    const id = count++;
    const body = pdu.short_message;
    tell({
      event: 'submit', to: pdu.destination_addr, from: pdu.source_addr, coding: pdu.data_coding, esm: pdu.esm_class,
      dest_ton: pdu.dest_addr_ton, source_ton: pdu.source_addr_ton, receipt: pdu.registered_delivery, status, id,
      good_for: pdu.validity_period instanceof Date ? Math.round((pdu.validity_period - Date.now()) / 1000) : null,
      text: body.message, udh: body.udh ? Buffer.concat([].concat(body.udh)).toString('hex') : '',
    });
    if (silent) return;
    const answer = () => session.send(pdu.response({ command_status: status, message_id: hex ? id.toString(16) : String(id) }));
    const receipt = () => session.deliver_sm({
      source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
      short_message: { message: Buffer.from(`id:${id} sub:001 dlvrd:001 submit date:2611221000 done date:2611221001 stat:DELIVRD err:000 text:hi`) },
    });
    const wanted = status === 0 && pdu.registered_delivery;
    if (wanted && receiptFirst) { receipt(); setTimeout(answer, 100); } else { answer(); if (wanted) receipt(); }
  });
});

const orders = {
  answers: (order) => { answers = order.statuses; },
  silent: (order) => { silent = order.on; },
  receiptFirst: () => { receiptFirst = true; },
  hex: () => { hex = true; },
  hangUp: () => { for (const session of sessions) session.destroy(); },
  deliver: (order) => {
    for (const session of sessions) {
      session.deliver_sm({
        source_addr: order.from, source_addr_ton: 1, destination_addr: order.to, data_coding: order.coding || 0,
        esm_class: order.esm || 0, short_message: Buffer.from(order.octets, 'hex'),
      }, (answer) => tell({ event: 'answered', status: answer.command_status }));
      break;
    }
  },
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line);
  orders[order.do](order);
  tell({ event: 'done', do: order.do });
}).on('close', () => process.exit(0));

server.listen(0, '127.0.0.1', () => tell({ event: 'listening', port: server.address().port }));
