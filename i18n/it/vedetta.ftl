### Parole dell'interfaccia. Dire che cosa è successo, poi che cosa fare.

decimal-sign = ,
key-enter = Invio
key-space = Spazio
key-shift = Maiusc
span-seconds = { $n } s
span-minutes = { $n } min
span-hours = { $n } h

## Programma
app-starting = Avvio in corso…
app-broken = La postazione non può lavorare finché questo non è risolto. Chiudere la finestra e riprovare.
app-signing-out = Chiusura delle visioni e consegna delle registrazioni in corso…
launch-no-graphics = Nessuna scheda grafica utilizzabile: manca il driver Vulkan o OpenGL. Installare il pacchetto mesa-vulkan-drivers (o il driver della scheda) e riavviare Vedetta.
launch-no-window = Impossibile aprire la finestra: nessuno schermo raggiungibile. Avviare Vedetta da una sessione grafica.
launch-no-threads = Il sistema non concede altri processi. Chiudere altri programmi e riavviare Vedetta.
launch-no-home = Il sistema non indica una cartella personale. Indicare --enrolment e --data all'avvio.

## Accesso
sign-in-user = Nome utente
sign-in-password = Password
sign-in-purpose = Finalità della visione
sign-in-enter = Entra
sign-in-waiting = Verifica in corso…
sign-in-recorded = L'accesso e ogni operazione sono registrati a nome di chi entra.
sign-in-protected-file = Nessun portachiavi di sistema: i segreti della postazione sono in un file leggibile solo da questo utente, meno sicuro.
sign-in-incomplete = Scrivere nome utente e password.
sign-in-wrong = Nome utente o password errati. Riprovare; dopo più errori l'account si blocca per qualche minuto.
sign-in-locked = Troppi tentativi: l'account è bloccato per { $wait }. Attendere o chiamare l'amministratore di sistema.
sign-in-elsewhere = L'account è già in uso su un'altra postazione. Uscire da quella prima di entrare qui.
sign-in-station = Questa postazione non è abilitata. Chiamare l'amministratore di sistema.
sign-in-server = Il server centrale non risponde. Controllare la rete o chiamare la manutenzione, poi riprovare.
sign-in-plan = La firma del piano delle telecamere non è valida: l'accesso è fermo. Chiamare subito l'amministratore di sistema.
sign-in-not-recorded = L'accesso non può essere registrato, quindi non avviene. Controllare lo spazio su disco o chiamare la manutenzione.
sign-in-must-choose = La password è scaduta o provvisoria: sceglierne una nuova per entrare.
sign-in-second-factor = Serve il codice dell'autenticatore, o quello scritto non è giusto. Scrivere il codice di ora.
sign-in-no-second-factor = Qui l'account deve avere un secondo fattore e non lo ha. Farselo dare dall'amministratore di sistema.
sign-in-code = Codice dell'autenticatore (se l'account lo ha)
sign-in-new-password = Nuova password: almeno 12 caratteri, diversa dalle ultime cinque
sign-in-new-again = Nuova password, di nuovo
sign-in-change = Cambia la password
sign-in-changed = Password cambiata. Ora entrare con quella nuova.
sign-in-differ = Le due nuove password sono diverse. Riscriverle.
sign-in-session-over = La sessione è stata chiusa dal server: account disabilitato, revocato o usato altrove. Chiamare l'amministratore di sistema se non era previsto.
password-length = La nuova password deve avere da 12 a 200 caratteri. Sceglierne un'altra.
password-name = La nuova password contiene il nome dell'account. Sceglierne un'altra.
password-monotonous = La nuova password è un solo carattere ripetuto. Sceglierne un'altra.
password-used = La nuova password è una delle ultime cinque. Sceglierne una mai usata.

## Postazione
station-not-enrolled = Postazione non registrata: manca { $path } o non è leggibile. Far registrare la postazione dall'amministratore di sistema.
station-no-keyring = Nessun portachiavi di sistema. Sbloccarlo, oppure avviare con «--secrets file» per usare un file protetto.
station-outbox = Il registro locale non si apre ({ $detail }). Controllare il disco o chiamare la manutenzione.

## Finalità
purpose-urban-security = Sicurezza urbana
purpose-public-order = Ordine e sicurezza pubblica
purpose-judicial-initiative = Polizia giudiziaria di iniziativa
purpose-judicial-delegated = Polizia giudiziaria delegata
purpose-crime-seen-live = Reato rilevato in diretta
purpose-traffic = Traffico e infortunistica
purpose-civil-protection = Protezione civile
purpose-waste = Abbandono di rifiuti
purpose-data-subject = Richiesta dell'interessato
purpose-maintenance = Manutenzione

## Livelli
level-operator = operatore
level-supervisor = responsabile del trattamento
level-force-operator = operatore delle Forze di Polizia
level-administrator = amministratore di sistema
level-maintainer = manutentore

## Barra in alto
bar-purpose = Finalità
bar-help = Tasti
bar-sign-out = Esci
audit-delivered = Registro: consegnato
audit-waiting = Registro: { $n } in attesa
audit-broken = Registro: errore, chiamare l'amministratore
server-reachable = Server: raggiungibile
server-away = Server assente, ancora { $left }
server-away-too-long = Server assente: operazioni ferme

## Elenco e disposizione
list-search = Cerca telecamera ( / )
list-nothing-found = Nessuna telecamera trovata.
rail-layouts = Riquadri (F2…F10)
wall-go-to = Vai alla telecamera

## Riquadri
tile-connecting = COLLEGAMENTO
tile-reconnecting = RICONNESSIONE
tile-not-live = NON IN DIRETTA
tile-no-permission = SENZA PERMESSO
tile-last-picture = Ultima immagine { $age } fa.
tile-trouble-since = { $trouble } Da { $since }.
tile-covered-detail = L'immagine torna quando si può di nuovo garantire la riservatezza.
covered-pose-unknown = OSCURATA: POSIZIONE NON NOTA
covered-restarted = OSCURATA: TELECAMERA RIAVVIATA
covered-uncertain = OSCURATA: POSIZIONE INCERTA
covered-school = CHIUSA: ORARIO SCOLASTICO
covered-beyond-ceiling = OSCURATA: ZOOM OLTRE IL LIMITE
covered-plan = OSCURATA: PIANO DA AGGIORNARE
mark-held-by-you = tua
overload-begins = Questa postazione non riesce a mostrare tutte le telecamere: alcune sono a qualità ridotta o a scatti, e lo dicono. Tornano da sole; per aiutarla scegliere meno riquadri.
overload-lower = Qualità ridotta: postazione sovraccarica
overload-lower-short = qualità ridotta
overload-key-frames = A scatti: postazione sovraccarica
overload-key-frames-short = a scatti
verdict-well = Tutto regolare
verdict-network = Rete: { $percent } % dei pacchetti persi o in ritardo
verdict-network-short = rete
verdict-camera = Telecamera: { $received } immagini al secondo invece di { $announced }
verdict-camera-short = telecamera
verdict-silent = Dalla telecamera non arriva niente
verdict-silent-short = muta
verdict-workstation = { $received } ricevute, { $shown } mostrate: questa postazione è sovraccarica
verdict-workstation-short = sovraccarica
figures-rates = { $received } ricevute · { $decoded } decodificate · { $shown } mostrate
figures-stream = Flusso { $codec } { $size }
figures-bitrate = Banda { $n }
figures-loss = Perdita { $percent } % ({ $packets } pacchetti)
figures-percent = { $percent } %
figures-jitter = Variazione di arrivo { $ms } ms
figures-ms = { $ms } ms
figures-latency = Dalla ripresa all'arrivo qui { $ms } ms
figures-latency-unknown = Ritardo non noto: l'orologio della telecamera è diverso
figures-unknown = non noto
mark-event = evento { $left }
mark-lifted = maschera sollevata { $left }
mark-school = scuola aperta alle immagini { $left }
mark-out-of-hours = fuori orario scolastico
mark-out-of-hours-short = fuori orario

## Pannello
panel-playback = Registrazioni (P)
panel-snapshot = Fotogramma (S)
panel-export = Estrazione (E)
panel-free = Libera: muoverla la prende
panel-held-by-you = La stai muovendo tu
panel-held-by = In uso: { $name }, { $body }
panel-presets = Posizioni salvate
panel-presets-hint = Alt+Maiusc+numero salva la posizione
panel-masks = Maschere in vigore
panel-on-camera = Sulla telecamera stessa
on-camera-kept = come nel piano
on-camera-drift = diverse dal piano
on-camera-cannot = non le accetta
panel-zoom-ceiling = Limite di zoom
panel-pan-limit = Limiti in orizzontale
panel-tilt-limit = Limiti in verticale
panel-range = da { $low }° a { $high }°
panel-no-limit = nessuno
panel-pose = Posizione
panel-pose-known = { $pan }° / { $tilt }°
panel-pose-unknown = non nota
panel-codec = Flusso
panel-fps = Decodificate al secondo
panel-bitrate = Banda
panel-kbit = { $n } kbit/s
panel-lost = Pacchetti persi
panel-received = Ricevute al secondo
panel-latency = Dalla ripresa all'arrivo
panel-jitter = Variazione di arrivo

## Messaggi
strip-history = Storico (H)
strip-nothing = Nessun messaggio.
strip-more = e altri { $n }
strip-go-to-camera = Vai
strip-put-away = Archivia
nothing-selected = Nessuna telecamera nel riquadro selezionato: trascinarne una dall'elenco.
not-a-dome = La telecamera selezionata è fissa: non si può muovere.
no-such-camera = Nessuna telecamera ha il numero { $number }.
no-such-preset = La posizione { $n } non è salvata. Alt+Maiusc+{ $n } la salva.
preset-name = Posizione { $n }
preset-saved = Posizione salvata sulla telecamera.
snapshot-saved = Fotogramma salvato in { $path }

## Registrazioni
playback-leave = Torna alla diretta
playback-recorded = Immagini registrate: la consultazione è registrata a tuo nome.
playback-mark = REGISTRATO
playback-looking = RICERCA DELLE REGISTRAZIONI
playback-starting = APERTURA
playback-none = NESSUNA IMMAGINE
playback-play = Riproduci
playback-pause = Pausa
playback-back = 5 s
playback-forward = 5 s

## Estrazione
export-title = Estrazione di immagini registrate
export-from = Dal (ora di Roma)
export-to = Al (ora di Roma)
export-purpose = Finalità
export-reason = Motivo
export-protocol = Numero di protocollo della richiesta
export-for-ever = L'estrazione resta per sempre nel registro, con il tuo nome, il motivo e il protocollo.
export-start = Estrai
export-cancel = Annulla
export-stop = Interrompi
export-close = Chiudi
export-progress = { $percent } % · { $size } · ancora circa { $left }
export-done = Estrazione completata: originale, non ricodificata.
export-will-be-original = Copia originale: le immagini come le ha registrate la telecamera, non ricodificate.
export-will-be-obscured = Copia oscurata: la telecamera ha maschere. Ciò che nascondono resta coperto; le immagini sono ricodificate. L'originale resta nel registratore.
export-done-obscured = Estrazione completata: copia oscurata e ricodificata, maschere del piano versione { $version }.
export-covered-whole = { $whole } fotogrammi su { $frames } sono coperti per intero: non si sa dove guardasse la dome.
export-frames = Fotogrammi
export-file = File
export-bad-time = Scrivere le date come 22/11/2026 14:05:09.
export-empty-range = La fine deve venire dopo l'inizio.
export-no-reason = Servono il motivo e il numero di protocollo della richiesta.

## Evento dichiarato
declare-title = Dichiarare un evento
declare-change = Che cosa cambia
declare-ceilings = Superare il limite di zoom
declare-school = Aprire le immagini della scuola
declare-mask = Sollevare la maschera «{ $name }»
declare-protocol = Numero di protocollo (se c'è)
declare-minutes = Per quanti minuti
declare-recorded = L'evento è registrato con nome e motivo, si vede su ogni postazione che mostra la telecamera e finisce da solo.
declare-start = Dichiara
declare-end = Termina
declare-in-force = In corso: { $change } · { $name } · ancora { $left }
declare-nothing = Questa telecamera non ha limiti di zoom, maschere sollevabili o calendario scolastico.
declare-bad-minutes = Scrivere i minuti come numero intero.

go-on-title = Proseguire a proprio nome
go-on-what = Il server centrale non risponde. Per quindici minuti si possono guardare e muovere le telecamere; registrazioni ed esportazioni restano ferme.
go-on-recorded = Nome, motivo e ora restano nel registro.
go-on-start = Prosegui per 15 minuti
go-on-not-needed = Il server centrale risponde: non serve proseguire a proprio nome.

## Maschere
editor-title = Maschere
editor-how = Fare clic sull'immagine, un angolo dopo l'altro. La maschera resta sul luogo anche muovendo la telecamera.
editor-corners = Angoli: { $n }
editor-undo = Togli l'ultimo angolo
editor-name = Che cosa nasconde
editor-permanent = Permanente: non si solleva mai
editor-liftable = Sollevabile dal responsabile, per minuti
editor-solid = Copertura piena
editor-pixelated = Copertura a quadri, nei colori intorno
editor-blurred = Copertura sfumata, nei colori intorno
editor-lens = taratura dell'obiettivo
editor-propose = Proponi al responsabile
editor-not-steady = La posizione non è ancora certa. Attendere che la telecamera sia ferma.
editor-incomplete = Servono almeno tre angoli e il nome di ciò che si nasconde.
editor-recorded = Registrato con il tuo nome.
editor-version = versione { $n }, disegnata da { $author }, approvata da { $approver }
editor-first-version = dal primo piano
editor-change = Ridisegna
editor-remove = Proponi di togliere
editor-removal = togliere { $name }
editor-proposed = In attesa: { $what }
editor-approve = Approva
editor-decline = Respingi

## Taratura
calibration-title = Taratura
calibration-how = Portare nell'immagine un punto di direzione nota, scriverne la direzione e fare clic sul punto. Servono almeno { $n } punti, lontani tra loro e non tutti al centro.
calibration-azimuth = Direzione del punto, gradi
calibration-elevation = Altezza del punto sull'orizzonte, gradi (sotto: meno)
calibration-points = Punti: { $n }
calibration-undo = Togli l'ultimo punto
calibration-no-direction = Scrivere prima la direzione e l'altezza del punto, in gradi.
calibration-found = Modello dell'obiettivo, rispetto a quello del piano
calibration-pan = Orientamento
calibration-tilt = Inclinazione
calibration-roll = Rotazione dell'immagine
calibration-view = Campo visivo
calibration-error = Errore medio
calibration-worst = Errore massimo
calibration-allowed = Errore ammesso dal piano
calibration-alike = I punti si somigliano troppo. Sceglierne altri più lontani tra loro e fuori dal centro.
calibration-too-far-off = L'errore supera quello ammesso. Togliere il punto sbagliato e rifarlo.
calibration-not-yet = La taratura non è ancora abbastanza precisa da proporla.

## Maschere e limiti sulla telecamera
drift-masks = Maschere del piano che la telecamera non tiene da sola: { $n }.
drift-limits = La telecamera permette da sola movimenti oltre i limiti del piano.
drift-do = Qui l'immagine resta protetta. Un responsabile può riscriverle con il tasto C; se si ripete, chiamare la manutenzione.
written-kept = Maschere e limiti sono scritti sulla telecamera e riletti: sono come nel piano.
written-cannot = La telecamera non accetta maschere o limiti propri. Qui l'immagine resta protetta: non c'è altro da fare.

## Diagnosi
diagnostics-title = Diagnosi delle telecamere
diagnostics-progress = { $done } di { $all }
diagnostics-no-picture = Solo dati tecnici: la ditta incaricata non vede immagini.
diagnostics-again = Rileggi tutto
diagnostics-camera = Telecamera
diagnostics-state = Stato
diagnostics-device = Apparecchio
diagnostics-firmware = Firmware
diagnostics-answer = Risposta
diagnostics-clock = Orologio
diagnostics-streams = Flussi
diagnostics-asked = in lettura…
diagnostics-reachable = risponde
diagnostics-unreachable = non risponde
diagnostics-ptz = brandeggio

## Tasti
keys-title = Tasti
keys-number = numero e Invio: va alla telecamera
keys-next-tile = riquadro seguente (con Maiusc il precedente)
keys-next-area = zona seguente dello schermo
keys-full-screen = schermo intero, o conferma
keys-back = indietro
keys-arrows = tenuti premuti: muovono la dome selezionata
keys-zoom = zoom della dome selezionata
keys-stop = ferma; nelle registrazioni pausa
keys-call-preset = posizione salvata (con Alt da 1 a 9)
keys-save-preset = salva la posizione
keys-ask-hold = prende la dome selezionata, o la chiede a chi la tiene
keys-layouts = 1, 4, 9, 16, 25, 36, 64 riquadri, uno grande
keys-wall-alone = la parete da sola, o di nuovo con elenco e comandi
keys-new-window = un'altra finestra con la sua parete
keys-saved-walls = pareti salvate
keys-camera-tour = ronda sul riquadro: 5, 10, 20, 30 secondi, poi basta
keys-snapshot = fotogramma
keys-export = estrazione
keys-declare = dichiara un evento sulla telecamera
keys-go-on = prosegue a proprio nome con il server assente
keys-masks = disegna maschere sulla telecamera
keys-calibrate = taratura della dome su quattro punti noti
keys-write-to-camera = scrive maschere e limiti sulla telecamera (responsabile)
keys-playback = registrazioni della telecamera
keys-search = cerca una telecamera
keys-history = storico dei messaggi
keys-figures = dati tecnici dei flussi sui riquadri
keys-help = questa pagina
keys-people = persone abilitate (responsabile, amministratore)
keys-lock = blocca la postazione
keys-sign-out = esce

## Rifiuti
refusal-zoom-ceiling = Zoom oltre il limite di questa telecamera ({ $ceiling }×). Ridurre lo zoom.
refusal-position-limit = Oltre i limiti di movimento di questa telecamera. Muoverla dall'altra parte.
refusal-density-ceiling = Zoom oltre il limite in questo punto ({ $ceiling }×, { $density } pixel per metro a terra). Ridurre lo zoom o dichiarare un evento.
refusal-sector-ceiling = Zoom oltre il limite del settore «{ $sector }» ({ $ceiling }×). Ridurre lo zoom o dichiarare un evento.
refusal-no-look = Il settore «{ $sector }» non si può inquadrare. Muovere la telecamera altrove.
refusal-no-reason = Manca il motivo. Scriverlo e ripetere.
refusal-minutes = La durata va da 1 a { $most } minuti. Correggerla e ripetere.
refusal-no-ceiling = Questa telecamera non ha limiti di zoom da superare.
refusal-no-such-mask = La maschera non esiste più. Riaprire l'elenco.
refusal-permanent-mask = La maschera è permanente e non si solleva mai.
refusal-no-school = Questa telecamera non segue un calendario scolastico.
refusal-in-force = Lo stesso evento è già in corso su questa telecamera. Attendere la fine.
refusal-too-many-events = Troppi eventi in corso su questa telecamera. Terminarne uno.
refusal-held = La sta muovendo { $name } ({ $body }). Attendere che la lasci o accordarsi per telefono.
refusal-not-recorded = L'operazione non può essere registrata, quindi non avviene. Controllare lo spazio su disco o chiamare la manutenzione.
refusal-server-away = Il server centrale non risponde e questa operazione ne ha bisogno. Riprovare quando torna raggiungibile.
refusal-grace-over = Il server centrale non risponde da troppo tempo e le operazioni sono ferme. Chiamare la manutenzione; se serve subito, Ctrl+G per proseguire a proprio nome.
refusal-outbox-filling = Troppe registrazioni aspettano il server e le operazioni sono ferme. Chiamare la manutenzione; se serve subito, Ctrl+G per proseguire a proprio nome.
refusal-log-not-trusted = Il registro centrale non è più quello di prima, quindi si possono solo guardare le immagini dal vivo. Chiamare l'amministratore.
refusal-disk-full = Il disco di questa postazione è pieno, quindi l'operazione non può essere registrata e non avviene. Liberare spazio o chiamare la manutenzione.
refusal-nothing-recorded = In quell'intervallo non c'è nulla di registrato. Scegliere un altro intervallo.
refusal-too-old = Le immagini hanno più di sette giorni e nessuna conservazione ulteriore le copre. Non sono consultabili.
refusal-covered = L'immagine è oscurata perché la posizione della telecamera non è nota. Attendere che torni nota.
refusal-disk = Il disco non accetta il file ({ $detail }). Liberare spazio o chiamare la manutenzione.
refusal-not-supported = Questa telecamera non lo sa fare. Chiedere alla manutenzione se serve.
refusal-no-pose-recorded = Il registratore non dice dove guardava la dome in questi minuti: sarebbe tutto oscurato. Scegliere altri minuti, o far registrare anche le posizioni.
refusal-plan-changed = Ciò che va coperto è cambiato mentre si faceva la copia: non è rimasto nulla. Rifare l'estrazione.
refusal-session-ended = La sessione è terminata. Uscire ed entrare di nuovo.
rule-no-grant = Il tuo profilo non ha il permesso per questa telecamera (regola R-ACC-2). Chiederlo al responsabile.
rule-outside-hours = Il tuo permesso per questa telecamera vale in altri orari (regola R-ACC-2). Chiederlo al responsabile.
rule-station = Da questa postazione non si può fare (regola R-ACC-6). Farlo dalla sala operativa.
rule-maintainer = La ditta incaricata non vede immagini (regola R-MNT-1). Chiedere a un operatore.
rule-administrator = L'amministratore di sistema non guarda le immagini (regola R-AUD-3). Chiedere a un operatore.
rule-school = La scuola è aperta: le immagini sono chiuse (regola R-PRV-2). Attendere l'orario di chiusura o chiedere un'eccezione al responsabile.
refusal-school-until = La scuola è aperta e le immagini sono chiuse fino alle { $time } (regola R-PRV-2). Attendere, o chiedere un'eccezione al responsabile.
rule-supervisor = Lo approva soltanto il responsabile del trattamento (regola R-PRV-1). Chiederlo a lui.
rule-four-eyes = Chi ha disegnato la maschera non può approvarla (regola R-PRV-1). Farla approvare da un altro responsabile.

## Guasti
trouble-unreachable = La telecamera non risponde. Controllare l'alimentazione e la rete o chiamare la manutenzione.
trouble-password = La telecamera rifiuta la password. Chiamare l'amministratore di sistema per aggiornarla.
trouble-clock = L'orologio della telecamera è sbagliato e i comandi sono rifiutati. Chiamare la manutenzione per regolarlo.
trouble-nonsense = La telecamera risponde in modo incomprensibile. Chiamare la manutenzione.
trouble-busy = La telecamera non accetta altri collegamenti. Chiudere altre visioni o attendere.
trouble-no-stream = La telecamera non offre il flusso video richiesto. Chiamare la manutenzione per configurarlo.
trouble-decoder = Su questa postazione manca un componente video (GStreamer). Chiamare la manutenzione per installarlo.
trouble-stream-broken = Il flusso video si è interrotto. La riconnessione è automatica; se dura, chiamare la manutenzione.
trouble-stream-frozen = La telecamera risponde ma non manda più immagini. La riconnessione è automatica; se dura, chiamare la manutenzione.

## Pareti salvate, finestre, ronda
walls-title = Pareti salvate
walls-none = Nessuna parete salvata.
walls-name = Nome della parete di questa finestra
walls-save = Salva
walls-forget = Elimina
walls-tiles = { $n } riquadri
walls-hint = Invio apre la parete scelta in questa finestra, Esc chiude.
walls-no-name = La parete non ha un nome. Scriverlo e salvare di nuovo.
walls-long-name = Il nome è troppo lungo. Usare al massimo { $n } caratteri.
walls-too-many = Le pareti salvate sono troppe. Eliminarne una e salvare di nuovo.
walls-unread = Le pareti salvate non si leggono: si parte da quella di base. Chiamare l'amministratore.
walls-unkept = Le pareti non si salvano su questo computer. Controllare lo spazio su disco.
window-title = Vedetta · parete { $n }
mark-tour = ronda { $n } s
tour-nothing = Non ci sono altre telecamere per la ronda: sono già tutte sulla parete.

## Blocco della postazione
lock-title = Postazione bloccata
lock-hint = La parete resta visibile. Per usare i comandi scrivere la password di { $name }.
lock-open = Sblocca
lock-wrong = La password non è giusta, o i tentativi sono stati troppi. Riprovare fra poco.
lock-knock = Il tuo account è stato usato con la password giusta su «{ $station }». Se sei tu, esci di qui (Esci); se no, chiama subito l'amministratore di sistema.

## Registrazione della postazione
enrol-title = Nuova postazione
enrol-how = Indirizzo del server e codice dati dall'amministratore di sistema. Il codice vale quindici minuti e una volta sola.
enrol-address = Indirizzo del server
enrol-code = Codice (28 lettere e cifre)
enrol-start = Registra questa postazione
enrol-waiting = Registrazione in corso…
enrol-bad-code = Il codice non è scritto bene: 28 lettere e cifre in sette gruppi. Ricontrollarlo.
enrol-unreachable = Il server non risponde a quell'indirizzo. Controllare indirizzo e rete.
enrol-wrong-server = A quell'indirizzo risponde un altro server, non quello del codice. Non proseguire e chiamare l'amministratore di sistema.
enrol-refused = Il codice non è più buono: usato o scaduto. Farsene dare un altro.
enrol-not-kept = La registrazione non si può salvare su questo computer ({ $detail }). Controllare il disco e il portachiavi.

## Persone
people-title = Persone abilitate
people-count = { $n } account
people-hint = Frecce: scelta · C conferma · D disabilita · T termina la sessione · Esc chiude
people-name = Nome e account
people-level = Livello
people-act = Atto di nomina
people-last-use = Ultimo uso
people-confirm-by = Da confermare entro
people-state = Stato
people-never = mai
people-active-at = in uso su { $station }
people-good = abilitato
people-disabled = disabilitato
people-over = nomina terminata
people-unconfirmed = non confermato
people-must-choose = password da cambiare
people-confirm = Conferma
people-disable = Disabilita
people-end = Termina la sessione
people-reason = Motivo (resta nel registro)
people-sure = Disabilitare { $name }? La sessione in corso finisce entro pochi secondi. Scrivere il motivo e premere Invio.
people-recorded = Ogni modifica è registrata con il tuo nome.
people-done = Fatto.
people-loading = Lettura dell'elenco…
## Chi tiene la dome
ask-title = Chiedere la telecamera a chi la muove
ask-reason = Perché serve (lo legge chi la tiene)
ask-start = Chiedi
ask-recorded = La richiesta e la risposta sono registrate con i nomi e il motivo.
ask-take-over = Prendi con urgenza
ask-take-over-hint = La presa urgente non aspetta il consenso: la telecamera passa appena chi la tiene la ferma.
ask-no-reason = Manca il motivo. Scriverlo e ripetere.
ask-sent = Richiesta inviata a { $name } ({ $body }). La risposta compare qui.
ask-taking = Presa urgente in corso: { $name } deve lasciare la telecamera.
ask-yours = La telecamera è tua: puoi muoverla.
ask-declined = { $name } non la cede ora. Riprovare o accordarsi per telefono.
ask-free = La telecamera è libera: muoverla la prende.
hand-over-title = Ti chiedono la telecamera
hand-over-recorded = La risposta è registrata con i nomi.
hand-over-give = Cedi
hand-over-keep = Non cedere
hand-over-later = Più tardi
hand-over-asked = { $name } ({ $body }) chiede la telecamera: «{ $reason }». Premere L per rispondere.
hand-over-nobody = Nessuno ha chiesto una telecamera che tieni tu.
hand-over-taken = { $name } ({ $body }) prende la telecamera con urgenza.
panel-asked = La chiede { $name }: L per rispondere
panel-passing = Passa a { $name }
panel-watching = Guardano anche
mark-asked = chiesta da { $name }
keys-hand-over = risponde a chi chiede la dome che tieni
keys-clearances = nullaosta: chiederlo o rispondere

## Nullaosta
clearance-title = Nullaosta per le registrazioni
clearance-cameras = Telecamere (numeri, separati da virgola)
clearance-copy = Anche copie
clearance-copy-yes = sì, anche estrazioni
clearance-copy-no = no, solo consultazione
clearance-protocol = Numero di protocollo
clearance-send = Chiedi il nullaosta
clearance-recorded = La richiesta resta nel registro con il tuo nome; la decide il responsabile del trattamento.
clearance-sent = Nullaosta chiesto. La risposta compare qui.
clearance-unknown-camera = Non c'è nessuna telecamera { $number } con registrazioni. Correggere il numero.
clearance-two-controllers = Le telecamere sono di titolari diversi. Fare una richiesta per ciascuno.
clearance-mine = I tuoi nullaosta
clearance-none = Nessuno.
clearance-cameras-short = telecamere { $numbers }
clearance-waiting = in attesa del responsabile
clearance-in-force = in vigore fino alle { $until }
clearance-refused = respinto: { $reason }
clearance-expired = scaduto
clearance-asked-by = { $name } ({ $body }) chiede il nullaosta { $id }
clearance-to-answer = Richieste da decidere: { $n }
clearance-to-answer-none = Nessuna richiesta aspetta una risposta.
clearance-hours = In vigore per ore
clearance-approve = Approva
clearance-shorten-hint = Togliere telecamere o restringere gli orari accorcia il nullaosta; non si può allargare.
clearance-why-refused = Motivo, se si respinge
clearance-refuse = Respingi
clearance-no-refusal-reason = Per respingere serve il motivo. Scriverlo e ripetere.
clearance-answer-recorded = La decisione è registrata con il tuo nome.
clearance-notice = { $name } ({ $body }) chiede un nullaosta per { $cameras }. Premere N per decidere.
clearance-desktop = Una richiesta di nullaosta aspetta una decisione.
clearance-granted = Nullaosta { $id } concesso fino alle { $until }: { $cameras }.
clearance-was-refused = Nullaosta { $id } respinto: { $reason }
clearance-was-over = Nullaosta { $id } scaduto.
clearance-bad-cameras = Servono da 1 a { $most } telecamere. Correggere l'elenco.
clearance-bad-range = La fine deve venire dopo l'inizio, e l'intervallo non può essere vuoto.
clearance-too-old = L'inizio è più di sette giorni fa: quelle immagini non sono consultabili. Correggere l'intervallo.
clearance-too-far = La fine è troppo avanti nel tempo: al massimo domani a quest'ora. Correggere l'intervallo.
clearance-too-much = Sono più di { $most } ore di registrazione in tutto. Ridurre le telecamere o l'intervallo.
clearance-no-protocol = Per questa finalità serve il numero di protocollo della richiesta. Scriverlo e ripetere.
clearance-bad-hours = La durata va da 1 a { $most } ore. Correggerla e ripetere.
clearance-supervisor = Il nullaosta lo decide soltanto il responsabile del trattamento (regola R-REC-1). Chiederlo a lui.
clearance-own = Nessuno decide la propria richiesta (regola R-REC-1). La decida un altro responsabile.
clearance-not-waiting = La richiesta ha già avuto una risposta, o è scaduta. Riaprire l'elenco.
clearance-wider = È più di quanto è stato chiesto. Si può solo accorciare.
clearance-needed = Per queste registrazioni serve un nullaosta (regola R-REC-1). Premere N nella parete per chiederlo.
clearance-not-for-level = Il tuo profilo non consulta registrazioni con il nullaosta. Rivolgersi a un operatore.
refusal-hold-ended = Il possesso della telecamera è finito. Muoverla di nuovo per riprenderla.
refusal-no-hold = Il server centrale non risponde, quindi nessuno può prendere la telecamera: chi la muoveva la tiene finché dura. Riprovare quando torna.
refusal-level = Il tuo livello non permette la presa urgente a chi la tiene (regola R-PTZ-3). Chiederla.
refusal-not-there = Non c'è più: qualcun altro ha risposto o il tempo è finito. Controllare e ripetere.
