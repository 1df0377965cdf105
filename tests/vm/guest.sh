# Runs in the virtual machine: every section is one run of the capture command, its output and its exit status.
# What it should have printed is the business of test_vm.py.
cd /tmp

section() { # name command...
    echo "== $1"
    shift
    "$@"
    echo "exit $?"
}

wait_for() { # text file: until the file has it, ten seconds at most
    tries=0
    until grep -q "$1" "$2"; do
        tries=$((tries + 1))
        [ $tries -gt 200 ] && echo "waited in vain for $1" && return 1
        usleep 50000
    done
}

wait_for_node() { # path
    tries=0
    until [ -c "$1" ]; do
        tries=$((tries + 1))
        [ $tries -gt 200 ] && echo "waited in vain for $1" && return 1
        usleep 50000
    done
}

driver=/sys/bus/platform/drivers/vivid
camera=v4l2:/dev/video0

# The text that vivid writes over its colour bars would be taken for colours.
section "osd off" capture $camera --count 1 --set osd_text_mode=2

section list capture --list
section first capture v4l2: --count 1
section number capture v4l2:0 --count 1
section controls capture $camera --count 0 --controls

for format in YUYV UYVY NV12 YU12 RGB3 BGR3 GREY; do
    section "format $format" capture "$camera,format=$format" --size 640x480 --fps 30 --count 30 --columns 8
done
section "format YUYV 320x180" capture "$camera,format=YUYV" --size 320x180 --fps 30 --count 30 --columns 8
section "format NV12 1280x720" capture "$camera,format=NV12" --size 1280x720 --fps 30 --count 30 --columns 8
section "format YUYV 1920x1080" capture "$camera,format=YUYV" --size 1920x1080 --count 30 --columns 8
section "format refused" capture "$camera,format=MJPG" --count 1
section wish capture $camera --size 720x480 --count 3
section slow capture $camera --size 640x480 --fps 5 --count 10
section fast capture $camera --size 640x480 --fps 30 --count 30

section dropped capture $camera --size 640x480 --fps 30 --after 5:percentage_of_dropped_buffers=50 --count 30
section "dropped no more" capture $camera --size 640x480 --fps 30 --set percentage_of_dropped_buffers=0 --count 1
section damaged capture $camera --size 640x480 --fps 30 --after 5:inject_v4l2_buf_flag_error=1 --count 15
section "control refused" capture $camera --count 1 --set brightness=100000
section "control unknown" capture $camera --count 1 --set warp=9

section "stream error" capture $camera --size 640x480 --fps 30 --after 5:inject_fatal_streaming_error=1 --count 60
section "after the error" capture $camera --size 640x480 --fps 30 --count 5
section "streamon error" capture $camera --count 1 --set inject_vidioc_streamon_error=1
section "streamon refused" capture $camera --count 1
section "after streamon" capture $camera --count 1

capture $camera --size 640x480 --fps 30 --count 600 >holder &
holder=$!
wait_for "^frame 3 " holder
section busy capture $camera --size 320x180 --count 1
echo vivid.0 >$driver/unbind
wait $holder
echo "exit $?" >>holder
section unplugged tail -n 2 holder
section gone capture $camera --count 1
echo vivid.0 >$driver/bind
wait_for_node /dev/video0
section replugged capture $camera --size 640x480 --fps 30 --count 5

section "supervised error" capture $camera --size 640x480 --fps 30 --count 30 --supervise 5 \
    --after 5:inject_fatal_streaming_error=1
capture $camera --size 640x480 --fps 30 --count 60 --supervise 30 >held &
held=$!
wait_for "^frame 3 " held
echo vivid.0 >$driver/unbind
echo vivid.0 >$driver/bind
wait_for_node /dev/video0
wait $held
echo "exit $?" >>held
section "supervised unplug" cat held

# Motion JPEG comes from a loopback device, fed with photos and some octets behind each.
capture testcard:720x480 --count 5 --save . >/dev/null
# Slower than it could be: the loopback device writes over buffers that somebody reads too slowly.
feeder /dev/video10 720 480 15 0000.jpg 0001.jpg 0002.jpg 0003.jpg 0004.jpg &
feeder=$!
loopback=v4l2:/dev/video10
tries=0
until capture --list | grep -q "video10.*- usable: gives MJPG"; do
    tries=$((tries + 1))
    [ $tries -gt 100 ] && break
    usleep 50000
done
mkdir taken
section mjpg capture $loopback --size 720x480 --count 30 --save taken
echo "== mjpg octets"
for taken in taken/*.jpg; do
    for fed in 0*.jpg; do
        cmp -s $taken $fed && echo "$taken is $fed"
    done
done
section "mjpg another size" capture $loopback --size 640x480 --count 1
section "mjpg colours" capture $loopback --size 720x480 --count 1 --columns 8
kill -STOP $feeder
section stalled capture $loopback --timeout 2 --count 60
kill -KILL $feeder
