"""What first names turn into: pet names, spellings, other languages. Tables, and the look-up in them."""

from __future__ import annotations

from collections.abc import Iterable

#: A full first name, and what people who bear it are called. A pet name may belong to several full names.
#: Everything is folded (`people.fold`): small letters, no accents. Entries are parted by a slash or a line end.
PET_NAMES = """
aaron: ari ronnie / abigail: abby abbie gail / abraham: abe bram / adelaide: addie heidi / adrian: ade
agnieszka: aga agnes / albert: al bert bertie / alberto: beto / alejandra: ale jandra
alejandro: ale jandro / aleksandra: ola sasha olenka / aleksandr: sasha sanya shura alex
alexander: alex al alec sasha xander sandy lex / alexandra: alex sasha sandra sandy alexa lexi
alexei: alyosha lyosha alex / alfred: al fred freddie alf / alice: allie / alison: allie
amanda: mandy / anastasia: nastya stacy ana / andrea: andi andy / andreas: andi andy / andrew: andy drew
andrzej: andrew jedrek / angela: angie / anna: annie ania anya anka / anne: annie nan / anton: toni tony
antonina: tonya / antonio: tono tony toni / anthony: tony ant / arthur: art artie / augustus: gus
barbara: barb babs barbie basia / beatrice: bea trixie / benjamin: ben benny benji / bernard: bernie
bernadette: bernie / bartholomew: bart / brendan: bren / bradley: brad / calvin: cal / cameron: cam
caroline: carrie caro carol / carolyn: carrie carol / catherine: cathy cat kate katie kitty cate
cecilia: ceci cissy / charles: charlie chuck chas chip / charlotte: charlie lottie lotte char
christian: chris / christina: chris tina chrissy / christine: chris tina chrissy
christopher: chris kit topher / cynthia: cindy / clifford: cliff / concepcion: concha conchita
consuelo: chelo / constance: connie / cornelius: neil con cor / curtis: curt / daniel: dan danny
danielle: dani / david: dave davey davy / deborah: deb debbie debby / dennis: denny / derek: rick
dmitri: dima mitya / dolores: lola loli / dominic: dom nick / dominique: dom / donald: don donnie
dorothy: dot dottie dolly / douglas: doug / eduardo: edu lalo / edmund: ed eddie ned
edward: ed eddie ted teddy ned / edwin: ed eddie / ekaterina: katya / elena: lena / eleanor: ellie nell nora
elizabeth: liz lizzie beth betty betsy eliza libby bess lisa liza elsie / emily: em emmy
emmanuel: manny manu / enrique: quique / ernest: ernie / esther: essie hettie / eugene: gene
evelyn: evie eve / evgeny: zhenya / federico: fede / felipe: pipe / ferdinand: ferdi / fernando: nando
florence: flo flossie / frances: fran frannie frankie / francesco: franco ciccio cecco
francis: frank frankie / francisca: paca paquita / francisco: paco pancho curro kiko fran cisco
franciszek: franek / francoise: fanchon / frederick: fred freddie rick / friedrich: fritz fred
gabriel: gabe gabi / gabriela: gabi / gabrielle: gabi gabby / galina: galya / geoffrey: geoff jeff
george: georgie / georgina: gina georgie / gerald: gerry jerry / gerard: gerry / gertrude: trudy gertie
giovanni: gianni vanni / giuseppe: beppe peppe pino / giuseppina: pina / gottfried: friedel
grzegorz: grzesiek greg / graciela: chela / gregory: greg / guadalupe: lupe lupita / guillermo: memo guille
gustavo: gus tavo / hannah: hanna / hans: hansi / harold: harry hal / harriet: hattie
heinrich: heinz heiner / helen: nell nellie / henrietta: etta hettie / henri: riton / henry: hank harry hal
herbert: herb bert / howard: howie / hubert: hugh bert / ignacio: nacho / ignatius: iggy / irina: ira
irving: irv / isaac: ike zac / isabel: isa bella izzy chabela / isabella: bella izzy isa / ivan: vanya
jacob: jake / jacqueline: jackie / jacek: jack / jaime: jimmy / jakub: kuba / james: jim jimmy jamie jem
jan: janek / jane: janie jenny / janet: jan / janina: janka / janice: jan / jason: jay / jean: jeannot
jeffrey: jeff / jennifer: jen jenny jenn / jeremiah: jerry / jeremy: jem jerry / jerome: jerry
jerzy: jurek / jessica: jess jessie / jesus: chuy chucho / joan: joanie / joanna: jo asia joasia
joanne: jo / johann: hans / johannes: hans hannes jan joop / john: jack johnny jon / jonathan: jon jonny
jorge: coque / jose: pepe chepe pepito / josef: sepp jupp / josefa: pepa / josephine: jo josie
josefina: fina pepa chepina / joseph: joe joey jo / joshua: josh / josip: joza / jozef: jozek / judith: judy
judy: jude / julian: jules / julia: jules julie / jurgen: jogi / karol: lolek / karl: kalle
katarzyna: kasia kaska / katharina: kathi kathe katrin / katherine: kate kathy katie kat kay kitty kit
kathleen: kathy kate katie kay / kathryn: kate kathy katie kay / kenneth: ken kenny / kimberly: kim
konstantin: kostya / konstantinos: kostas dinos costas / krzysztof: krzysiek krzys chris
lawrence: larry laurie / leonard: len lenny leo / leopold: leo poldi / leslie: les / lillian: lily lil
louis: lou louie / louise: lou lulu / lucia: lucy chia / ludmila: lyuda / luis: lucho / lucas: luke
magdalena: magda lena madga / malgorzata: gosia malgosia / manuel: manny manolo manu / marcus: marc mark
margaret: maggie meg peggy madge marge margie rita daisy greta peg / margarita: rita
margarethe: grete gretel greta / maria: mari mia masha marysia / mariadelcarmen: carmen maricarmen
marianne: mary / martha: marty / martin: marty / martina: tina / mary: molly polly mamie may / mateusz: mati
matilda: tilly mattie / matthew: matt matty / matthias: matze hias / maurice: moe maury / maximilian: max
melanie: mel / melissa: mel missy lissa / mercedes: merche meche
michael: mike mick mickey micky mikey mitch / michal: michalek / michelle: shelly mich / miguel: miki
mikhail: misha / miroslav: mirek / mitchell: mitch / montserrat: montse / nadezhda: nadia nadya / nancy: nan
natalia: natasha nat talia / natalie: nat / nathan: nate nat / nathaniel: nate nat nathan
nicholas: nick nicky nico / nicole: nicky nikki / nicolas: nico / nikolai: kolya / norman: norm
octavio: tavo / olga: olya / oliver: ollie / olivia: liv livvy / oscar: ozzy / pamela: pam
patricia: pat patty trish tricia patsy / patrick: pat paddy rick / pavel: pasha / pedro: perico
penelope: penny / percival: percy / peter: pete / philip: phil pip / phillip: phil / philippa: pippa
pilar: pili / piotr: piotrek / prudence: prue / rafael: rafa / ramon: moncho / randall: randy / raymond: ray
rebecca: becky becca / reginald: reg reggie / reinhard: reini / ricardo: richi rick
richard: rick dick rich richie ricky / robert: bob bobby rob robbie bert / roberta: bobbie robbie
roberto: beto / rodney: rod / rodrigo: rigo / roger: rog hodge / roland: rolly / ronald: ron ronnie
rosalind: roz / rosario: charo / rosemary: rose rosie / rudolf: rudi / russell: russ / salvador: chava
salvatore: toto sal turi / samantha: sam sammy / samuel: sam sammy / sandra: sandy / santiago: santi chago
sarah: sally sadie / sebastian: seb bastian basti / sergei: seryozha / sergio: checo / sharon: shari
sheila: shell / sidney: sid / silvia: silvi / solomon: sol / sophia: sophie / stanislaw: staszek stan
stanislav: slava stan / stanley: stan / stephanie: steph stevie / stephen: steve stevie
steven: steve stevie / stuart: stu / susan: sue susie suzy / susanna: sue susie / susanne: susi
svetlana: sveta lana / sylvester: sly / sylvia: syl / tamara: tammy / tatiana: tanya tania
teresa: tere teri maite / terence: terry / terrence: terry / theodore: ted teddy theo
theresa: terry tess tessa terri / thomas: tom tommy thom / timothy: tim timmy / tomasz: tomek / tobias: tobi
valentina: valya / valerie: val / vasily: vasya / veronica: ronnie vero / victor: vic
victoria: vicky tori vicki / vincent: vince vinny vin / virginia: ginny ginger / vladimir: volodya vova vlad
walter: walt wally / walburga: burgi / wenceslaus: vaclav / wendell: wendy / wilhelm: willi willy
wilhelmina: mina minnie willa / willem: wim pim / william: bill billy will willy liam / wolfgang: wolf wolfi
wojciech: wojtek / yevgenia: zhenya / yekaterina: katya / yuri: yura / zachary: zach zack
zbigniew: zbyszek / zuzanna: zuzia
"""

#: One name, written in several ways when it is brought into our letters, or by habit. The same name for us.
SPELLINGS = """
muhammad mohammed mohamed mohammad mohamad muhammed mohamet mehmed / ahmad ahmed ahmet
yusuf yousef youssef yusef yousuf joussef / hussein husain hussain hossein huseyin / hasan hassan
omar umar omer / khalid khaled / abdurrahman abdulrahman abderrahman abdelrahman abdalrahman
abdullah abdallah abdulla / fatima fatimah fatma / aisha ayesha aicha aysha
aleksandr alexandr alexander aleksander oleksandr / aleksei alexei alexey aleksey oleksiy alexej
sergei sergey serhiy sergej / dmitri dmitry dmitriy dmytro dimitri / yuri yurii yuriy yury iurii juri
yevgeny evgeny evgeniy yevgeniy yevhen eugeny / ekaterina yekaterina kateryna jekaterina
natalia natalya nataliya nataliia / tatiana tatyana tetiana tatjana / julia yulia yuliya iuliia
nikolai nikolay mykola nikolaj / mikhail mykhailo michail mihail / volodymyr vladimir wladimir
vasily vasiliy vasyl vassily / georgios giorgos yiorgos yorgos / ioannis yannis giannis yiannis
dimitrios dimitris dimitri / konstantinos constantinos / nikolaos nicolaos / eleni helene
stephen steven stephan / philip phillip / geoffrey jeffrey / catherine katherine kathryn katharine cathryn
sarah sara / ann anne / hannah hanna / teresa theresa / sophia sofia / lewis louis / marc mark / erik eric
karl carl / allan alan allen / brian bryan / jeff geoff / neil neal / shaun sean shawn / lawrence laurence
aidan aiden / caitlin katelyn kaitlyn / michele michelle / nicholas nicolas / frederick frederic
rachel rachael / isabel isabelle / christina kristina / christine kristine / srinivas shrinivas sreenivas
lakshmi laxmi / siva shiva
"""

#: One name in several languages: somebody may use both, and relatives may bear one each. Weaker than the above.
LANGUAGES = """
john juan jean johann johannes jan giovanni ivan ioannis joao sean hans ion yahya janos
joseph jose josef giuseppe jozef yusuf iosif josip
james jaime jacques jakob jakub diego santiago giacomo jacob iakov yakov
william guillermo guillaume wilhelm willem guglielmo
george jorge georg georges giorgio jerzy georgios yuri jiri gyorgy
michael miguel michel michal mikhail michele mikael / peter pedro pierre pietro piotr pyotr petros petr
paul pablo paolo pavel pawel / henry enrique henri heinrich enrico hendrik henryk
charles carlos karl carlo karol / stephen esteban etienne stefan stefano istvan szczepan
andrew andres andre andreas andrzej andrei / anthony antonio antoine anton antoni
francis francisco francois francesco franz franciszek
alexander alejandro alexandre alessandro aleksandr iskander / mary maria marie miriam maryam
catherine catalina katharina caterina katarzyna ekaterina katrin
elizabeth isabel elisabeth elisabetta elzbieta yelizaveta
margaret margarita marguerite margarethe margherita malgorzata / anna ana anne / helen elena helene eleni
joan jane juana jeanne johanna giovanna joanna / lucy lucia lucie
matthew mateo matthieu matthias matteo mateusz / luke lucas luc lukas luca lukasz
mark marcos marcus marco marek / thomas tomas tommaso tomasz / philip felipe philippe filippo filip
louis luis ludwig luigi / edward eduardo edouard eduard edoardo
frederick federico frederic friedrich fryderyk / lawrence lorenzo laurent lorenz
nicholas nicolas nikolaus nicola nikolai mikolaj
christopher cristobal christophe christoph cristoforo krzysztof / daniel danilo daniil
gregory gregorio gregoire grzegorz grigori / joseph yosef
"""


def _members(table: str) -> Iterable[list[str]]:
    return (row.replace(":", " ").split() for row in table.replace("\n", "/").split("/") if row.strip())


def _spelled() -> dict[str, str]:
    spelled: dict[str, str] = {}
    for first, *others in _members(SPELLINGS):
        for name in (first, *others):
            spelled.setdefault(name, spelled.get(first, first))
    return spelled


#: A name to the one spelling that stands for all.
_SPELLED = _spelled()


def _full_names() -> dict[str, frozenset[str]]:
    full: dict[str, set[str]] = {}
    for name, *pets in _members(PET_NAMES):
        one = _SPELLED.get(name, name)
        for called in (name, one, *pets):
            full.setdefault(called, set()).add(one)
    return {called: frozenset(names | {_SPELLED.get(called, called)}) for called, names in full.items()}


_FULL_NAMES = _full_names()


def _tongues() -> dict[str, frozenset[int]]:
    tongues: dict[str, set[int]] = {}
    for row, names in enumerate(_members(LANGUAGES)):
        for name in names:
            tongues.setdefault(_SPELLED.get(name, name), set()).add(row)
    return {name: frozenset(rows) for name, rows in tongues.items()}


_TONGUES = _tongues()


def spelled(name: str) -> str:
    """The one spelling that stands for every spelling of a folded first name: "mohamed" gives "muhammad"."""
    return _SPELLED.get(name, name)


def full_names(name: str) -> frozenset[str]:
    """The full names that a folded first name may stand for, itself among them."""
    return _FULL_NAMES.get(name) or frozenset((_SPELLED.get(name, name),))


def tongues(name: str) -> frozenset[int]:
    """The rows of `LANGUAGES` in which a name or one of its full names stands."""
    return frozenset(row for full in full_names(name) for row in _TONGUES.get(full, ()))


def is_known(name: str) -> bool:
    """Whether a folded word is a first name of these tables: then it is meant, and no slip of the fingers."""
    return name in _FULL_NAMES or name in _SPELLED or name in _TONGUES
