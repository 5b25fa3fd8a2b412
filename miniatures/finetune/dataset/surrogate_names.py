"""Names for surrogates: given and family names of many cultures, none of which is an everyday English word.

One list a script, so that a name in Cyrillic is replaced by a name in Cyrillic.
"""

# ruff: noqa: RUF001

from __future__ import annotations

from miniatures.checks.word_list import word_set

_LATIN_GIVEN = """
Abena Abiodun Adaeze Adalbert Adelheid Adunni Afsaneh Agnieszka Aigerim Ailbhe Aino Aisulu Akosua Alejandra
Aleksy Alfonsina Amaru Amina Anahit Anaïs Andrzej Anneliese Anselm Aoife Aparna Araceli Arash Armando Arnfinn
Aroha Arvid Asgeir Ashwin Astrid Atsuko Aurelian Ayodele Azamat Babajide Bahar Balázs Bartosz Barış Beatriz
Benedikt Berenike Bertil Bhavna Birgit Bjarne Bogdan Boubacar Branko Bronagh Brígida Burcu Caetano Camila
Caoimhe Catalina Cedric Chiara Chidi Chinedu Ciarán Cosmin Cyprien Dagmar Damaris Danuta Darragh
Delphine Desta Devika Dimitra Diyar Dobromir Domenico Dorothea Dragana Ebele Efua Eirik Ekaterina Elif Elodie
Emeka Enrique Ersin Eszter Eulalia Ewa Fadi Farida Fatoumata Fechin Feliks Femke Ferenc Fionnuala Florentin
Francesca Frédérique Gaurav Genoveva Ghislaine Giedrius Gintaras Giuseppe Gudrun Guillem Gulnara Gwenllian Habib
Hadewych Halima Hamza Haruki Heikki Henrike Hiroko Hyacinthe Ibrahima Ieva Ignacio Ikaika Ilkay Ilse Imelda
Ingvild Inés Iolanda Isidro Ismet Itziar Ivana Jadwiga Jarmila Javier Jelena Jerzy Jhumpa Joaquín Jolanta Jorunn
Juhani Kaapo Kamau Kasimir Katarzyna Kavita Keahi Kerttu Khadija Kjersti Klaudia Kofi Kristjan Kwabena Ladislav
Laszlo Leilani Lerato Liisa Linnea Lorcan Lucjan Ludmila Luísa Maarten Magdalena Mahbub Mairéad Malgorzata
Mamadou Marisol Matthieu Mbali Meera Mehmet Milica Minh Mirela Moana Morwenna Mustafa Nadezhda Naledi Narges
Nayeli Nefeli Ngozi Nikolett Nilufar Nkechi Nozomi Noémie Nuno Obinna Oddvar Ofelia Oksana Olamide Ondřej Oriol
Orsolya Osvaldo Paulina Pelle Penelope Petronella Piotr Pirkko Priyanka Quilla Radhika Raimund Ramón Rashida
Rauha Renske Rigoberto Roksana Rosalind Ruaridh Rustam Sabine Sadia Sanjana Santiago Saoirse Saskia Segun Selam
Sergiu Shabnam Shirin Sigrid Silviu Siobhán Slavica Snorri Solveig Stanisław Sunniva Svetlana Szymon Tadeusz
Taneli Tatiana Temitope Tendai Thandiwe Thorsten Théo Tihana Tjaša Tomasz Torbjørn Tuomas Uchenna Ulrike
Urszula Vaishali Valtteri Vasilis Veronika Vesna Viggo Vikram Violeta Vladimira Wambui Wenceslas Wilhelmina
Witold Xiadani Ximena Yaroslav Yasemin Yewande Yolanda Yusuf Zawadi Zbigniew Zdeněk Zinaida Zoltán Zsófia Zuzana
Øyvind
"""
_LATIN_FAMILY = """
Abdullahi Abrahamsen Achterberg Adeyemi Afolabi Ahlgren Akhtar Alcántara Almeida Amankwah Anagnostou Andrejev
Appiah Aravind Arsenault Asplund Avramescu Babatunde Bacigalupo Bajramović Balogun Banerjee Barzani Bednarek
Bektaş Bergström Bhattacharya Biedermann Bjarnason Boateng Bogaerts Bondarenko Boudreaux Brzezicki Brâncuși
Buchholz Bukhari Calderón Carvalho Castellanos Chakraborty Chatterjee Chlebowski Chukwu Coppens Cordeiro Csonka
Dahlberg Danjuma Dehghani Demirtaş Deshmukh Devereux Diallo Dimitrov Domínguez Drăgan Dvořáček Dąbrowski Długosz
Echeverría Edemariam Eggertsson Eichinger Ekström Elmahdi Emenike Engelbrecht Erdoğdu Eskelinen Falkenberg
Farahani Fekete Fernandes Figueroa Fjeldstad Fofana Friedrichsen Fuentes Gadebusch Gallagher Ganbaatar Garibaldi
Gebreselassie Georgiadis Ghorbani Giannopoulos Gonçalves Gołębiowski Grünewald Gunnarsson Gupte Haapala
Halvorsen Hashimoto Hayashida Heikkinen Hernádi Hlaváček Hoekstra Holmqvist Horvatić Hrdlička Ibragimov Idowu
Ilieva Ingebrigtsen Isaksen Ishikawa Ivanauskas Iyengar Jabłoński Jagannathan Janković Jankulovski Jauregui
Jokinen Jóhannesson Kaczmarek Kahananui Kalinowski Kamara Kapoor Karlsdóttir Katsaros Kavanagh Kazlauskas
Kekkonen Keïta Khoury Kipchoge Kirchhoff Kjærgaard Kobayashi Koivisto Kolarov Korhonen Kovačević Kowalczyk
Krawczyk Kristoffersen Kulkarni Kuznetsov Laaksonen Lagerkvist Laskaris Lefebvre Leszczyński Lindqvist
Lombardini Lundgaard MacGillivray Madsen Mahlangu Majumdar Makarewicz Manoukian Marchetti Markovits Matsumoto
Mbeki Mehrotra Mendieta Mihailović Mikkelsen Moreau Mukherjee Mwangi Nakamura Narayanan Nascimento Ndiaye
Nieminen Nikolaidis Njoroge Nordström Novotný Nwosu Obradović Odhiambo Ofori Ogunleye Okonkwo Oliveira Olofsson
Onyango Ortega Ostrowski Ouédraogo Paasikivi Padilla Papadakis Pasternak Pavlović Pellegrini Petridis Pfeiffer
Piątek Quintero Quispe Rademaker Radulescu Rahmani Ramaswamy Rantanen Rasmussen Ravelomanana Reinholt Ribeiro
Rosenqvist Rossignol Rybak Saarinen Sadowski Sagardía Salonen Santhanam Sapkota Savchenko Schellenberg
Sedláček Selassie Serrano Sharipov Shevchenko Sigurðsson Sikorska Silveira Skarsgård Sobczak Solberg Stefánsson
Steinbrenner Strömberg Subramanian Suleimanov Szabó Szymański Sørensen Takahashi Tamaki Tekle Thiébaut Tikhonov
Tlaloc Torvalds Traoré Tsegaye Tshabalala Uchida Ueda Ugwu Uribe Vaitkus Valdivia Vandermeulen Varga Vasiliou
Velázquez Venkataraman Verhoeven Villanueva Vlachos Vogelsang Vukašinović Wachowski Wanjiru Wasilewski
Westerlund Wiśniewski Wójcik Yamaguchi Ylönen Yıldırım Zagorakis Zambrano Zawadzki Zelenka Zhakupov Zieliński
Zubiri Zuidema Åkerlund Öztürk Þórarinsson
"""


def _names(text: str) -> tuple[str, ...]:
    return tuple(sorted(set(text.split())))


GIVEN = {
    "LATIN": _names(_LATIN_GIVEN),
    "CYRILLIC": _names(
        "Аделина Богдан Валентина Григорий Дарина Евдокия Захар Инесса Калина Любомир Мирослава Никита Оксана"
    ),
    "GREEK": _names(
        "Αγλαΐα Βασίλης Δήμητρα Ευάγγελος Ζωή Ηλέκτρα Θεμιστοκλής Καλλιόπη Λεωνίδας Μυρτώ Νεφέλη Παρασκευή"
    ),
    "ARABIC": _names("عبير بشار جمانة حازم دلال رباب زهير سلوى شادية طارق غسان فيروز"),
    "DEVANAGARI": _names("अनन्या भास्कर चित्रा देवेंद्र गायत्री हर्षित इंदिरा कविता लक्ष्मण मीनाक्षी"),
    "HANGUL": _names("가람 나래 다온 라희 마루 보람 새론 아라 은솔 지안 하늬 한결"),
    "CJK": _names("雅琴 博文 春燕 德明 芳华 国栋 慧敏 建业 丽娟 美玲 思远 晓峰"),
    "HEBREW": _names("אביגיל בועז גליה דרור הדסה זאב טליה יונתן"),
}
FAMILY = {
    "LATIN": _names(_LATIN_FAMILY),
    "CYRILLIC": _names(
        "Арсеньева Бондаренко Вишневская Головко Демченко Журавель Зорич Калиниченко Лебединский Мельниченко"
    ),
    "GREEK": _names("Αντωνιάδης Βλάχος Γεωργίου Δημητρίου Ζαφειρίου Κατσαρού Λάσκαρης Μακρή Νικολαΐδης Παπαδάκη"),
    "ARABIC": _names("البيطار الخطيب الدباغ الرفاعي الزعبي السقا الشامي الصباغ العطار القباني"),
    "DEVANAGARI": _names("आहूजा बनर्जी चतुर्वेदी देशपांडे गोखले कुलकर्णी मल्होत्रा नायडू त्रिपाठी"),
    "HANGUL": _names("남궁 독고 사공 서문 선우 제갈 황보"),
    "CJK": _names("欧阳 上官 司徒 诸葛 慕容 皇甫 令狐 端木"),
    "HEBREW": _names("אלקיים ברקוביץ גולדשטיין הורוביץ לנדאו פרידלנד רוזנטל"),
}

ORDINARY_NAMES = word_set(
    """
    april august autumn basil bright brook carol chance christian crystal daisy dawn dean december drew earl
    east eden faith february field fields forest frank gene ginger glen grace grant gray green grey hazel
    heather holly hope hunter iris ivy jack jade january jasmine jasper july june king lane lily major march
    marina may melody mercedes mercy merry miles newman north november october olive paris patience pearl penny
    piper poppy price prince ray rich robin rock rose ruby rusty sage sandy scarlet september sky sterling storm
    summer sunny violet ward west wolf woods
    """
)
"""Names that are everyday words as well, in small letters: alone in a sentence they may not mean the person."""
