# The fonts that pictures are lettered in lie inside the library, so that the same data give the same bytes whatever
# fonts a machine has, and nothing has to be found at run time. They come from Debian packages that are the same
# releases or near in 12 and 13; licences: OFL 1.1 (Noto, Nanum), Apache 2.0 (Droid Sans Fallback).
# The first two serve nearly every picture and are registered alone; the rest are read when a label needs them.
set(fonts noto/NotoSans-Regular.ttf noto/NotoSans-Bold.ttf)
foreach(script Arabic Armenian Bengali Devanagari Ethiopic Georgian Gujarati Gurmukhi Hebrew Kannada Khmer Lao Malayalam
    Myanmar Oriya Sinhala Tamil Telugu Thai Math Symbols Symbols2)
  list(APPEND fonts noto/NotoSans${script}-Regular.ttf)
endforeach()
list(APPEND fonts droid/DroidSansFallbackFull.ttf nanum/NanumSquareR.ttf)

set(PELLUCID_FONTS_DIR /usr/share/fonts/truetype CACHE PATH
  "Fonts, as the Debian packages fonts-noto-core, fonts-droid-fallback and fonts-nanum lay them out")
set(font_data "")
set(font_table "")
foreach(font IN LISTS fonts)
  set(file ${PELLUCID_FONTS_DIR}/${font})
  if(NOT EXISTS ${file})
    message(FATAL_ERROR "the font ${file} is not there: install fonts-noto-core, fonts-droid-fallback and fonts-nanum, "
      "or give -DPELLUCID_FONTS_DIR=")
  endif()
  get_filename_component(name ${font} NAME_WE)
  string(MAKE_C_IDENTIFIER pellucid_font_${name} symbol)
  file(SHA256 ${file} sum)   # the build follows when a package brings another release
  string(APPEND font_data "// ${sum}\nFONT(${symbol}, \"${file}\")\n")
  string(APPEND font_table "    {\"${name}\", ${symbol}, ${symbol}_end},\n")
endforeach()
configure_file(${CMAKE_CURRENT_LIST_DIR}/font_data.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/font_data.cpp @ONLY)
target_sources(pellucid_render PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/font_data.cpp)
set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/font_data.cpp TARGET_DIRECTORY pellucid_render
  PROPERTIES SKIP_PRECOMPILE_HEADERS ON)

# Their licences go where the library goes.
foreach(package fonts-noto-core fonts-droid-fallback fonts-nanum)
  if(EXISTS /usr/share/doc/${package}/copyright)
    install(FILES /usr/share/doc/${package}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR}/licences RENAME ${package})
  endif()
endforeach()
